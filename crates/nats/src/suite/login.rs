//! Keys and what is signed with them, for servers that ask for more than a password.
//!
//! Keys: <https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth>.
//! Tokens (JWT) and their claims: NATS ADR-14. Logins that a program decides: NATS ADR-26.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use nkeys::KeyPair;
use serde_json::{Value, json};

use super::{PASSWORD, PATIENCE, Servers};
use crate::connection::{Runtime, open};
use crate::options::Login;

/// The user by which the program that decides is logged in itself.
const DECIDER: &str = "decider";

/// A key, and what is signed by it.
pub struct Key(KeyPair);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.public()).finish()
    }
}

impl Key {
    /// One of a user.
    #[must_use]
    pub fn user() -> Self {
        Self(KeyPair::new_user())
    }

    /// One of an account.
    #[must_use]
    pub fn account() -> Self {
        Self(KeyPair::new_account())
    }

    /// What everyone may know of it.
    #[must_use]
    pub fn public(&self) -> String {
        self.0.public_key()
    }

    /// The secret of it.
    #[must_use]
    pub fn seed(&self) -> String {
        self.0.seed().expect("a key that was made here")
    }

    fn sign(&self, subject: &str, audience: &str, nats: &Value) -> String {
        let claims = json!({
            "jti": "1", "iat": 1, "iss": self.public(), "sub": subject, "aud": audience,
            "name": "chinwag", "nats": nats,
        });
        let coded = [json!({ "typ": "JWT", "alg": "ed25519-nkey" }), claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = coded.join(".");
        let signature = self.0.sign(text.as_bytes()).expect("a key that was made here");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign_user(&self, user: &str, audience: &str) -> String {
        let nats = json!({
            "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1,
        });
        self.sign(user, audience, &nats)
    }

    /// A credentials file of a user of this account.
    #[must_use]
    pub fn credentials(&self, user: &Self) -> String {
        let (token, seed) = (self.sign_user(&user.public(), ""), user.seed());
        format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER \
             NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

/// How servers are set up that let in whom this account has signed: in place of their accounts.
#[must_use]
pub fn operated(account: &Key) -> String {
    let (operator, system) = (Key(KeyPair::new_operator()), Key(KeyPair::new_account()));
    let limits = |disk: i64| {
        json!({
            "subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1,
            "payload": -1, "wildcards": true, "mem_storage": disk, "disk_storage": disk,
            "streams": disk, "consumer": disk,
        })
    };
    let proof = "$SYS.REQ.SERVER.PING.JSZ";
    let of_system = json!({
        "type": "account", "version": 2, "limits": limits(0),
        "exports": [{
            "name": "proof", "subject": proof, "type": "service", "response_type": "Stream",
        }],
    });
    let of_account = json!({
        "type": "account", "version": 2, "limits": limits(-1),
        "imports": [{
            "name": "proof", "subject": proof, "type": "service", "account": system.public(),
        }],
    });
    let of_operator =
        json!({ "type": "operator", "version": 2, "system_account": system.public() });
    format!(
        "operator: {}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{ {}: {}, {}: {} }}\n",
        operator.sign(&operator.public(), "", &of_operator),
        system.public(),
        system.public(),
        operator.sign(&system.public(), "", &of_system),
        account.public(),
        operator.sign(&account.public(), "", &of_account),
    )
}

/// How servers are set up where a program decides who is let in: in place of their accounts.
#[must_use]
pub fn decided(account: &Key) -> String {
    let proof = "$SYS.REQ.SERVER.PING.JSZ";
    format!(
        "system_account: SYS
         accounts {{
           SYS {{ exports: [{{ service: \"{proof}\", response_type: stream }}] }}
           CHINWAG {{
             jetstream: enabled
             imports: [{{ service: {{ account: SYS, subject: \"{proof}\" }} }}]
           }}
           DECIDERS {{ users: [{{ user: {DECIDER}, password: \"{PASSWORD}\" }}] }}
         }}
         authorization {{
           auth_callout {{ issuer: {}, auth_users: [{DECIDER}], account: DECIDERS }}
         }}\n",
        account.public()
    )
}

/// Decides for these servers: lets in whoever has this token, until the process ends.
pub fn decide(servers: &Servers, account: Key, token: &'static str) {
    let mut options = servers.options("none");
    options.login = Login::Password { user: DECIDER.to_owned(), password: PASSWORD.to_owned() };
    let runtime = Runtime::start().expect("a thread");
    let (client, mut asked) = runtime.block_on(async {
        let until = tokio::time::Instant::now() + PATIENCE;
        let client = open(&options, until).await.expect("a connection");
        let asked = client.subscribe("$SYS.REQ.USER.AUTH").await.expect("a subscription");
        client.flush().await.expect("it is sent");
        (client, asked)
    });
    std::thread::spawn(move || {
        runtime.block_on(async {
            while let Some(message) = asked.next().await {
                let claims = std::str::from_utf8(&message.payload).ok().and_then(read);
                let (Some(claims), Some(reply)) = (claims, message.reply) else { continue };
                let text = |path: &str| claims.pointer(path).and_then(Value::as_str).unwrap_or("");
                let (user, server) = (text("/nats/user_nkey"), text("/nats/server_id/id"));
                let mut answer = json!({ "type": "authorization_response", "version": 2 });
                if text("/nats/connect_opts/auth_token") == token {
                    answer["jwt"] = account.sign_user(user, "CHINWAG").into();
                } else {
                    answer["error"] = "another token".into();
                }
                let answer = account.sign(user, server, &answer);
                let _ = client.publish(reply, answer.into()).await;
            }
        });
    });
}

/// The claims of a token.
fn read(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}
