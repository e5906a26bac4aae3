//! The ways by which a node logs in to real NATS servers, and what it says where they refuse it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use chinwag_nats::suite::login::{Key, decide, decided, operated};
use chinwag_nats::suite::{PASSWORD, Servers, Setup, USER};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use support::client::Client;
use support::server::Settings;
use tempfile::TempDir;

/// Settings in `[cluster]`, and what they are.
type Way = Vec<(&'static str, String)>;

/// Checks that a node serves so, and that with anything else it does not start and says this.
fn assert_login(servers: &Servers, right: &Way, wrong: &[(Way, &str)]) {
    let urls: Vec<_> = servers.urls().iter().map(|url| format!("{url:?}")).collect();
    let node = || {
        Settings::new()
            .set("cluster.servers", format!("[{}]", urls.join(", ")))
            .set("cluster.node", "\"a\"")
            .set("cluster.replicas", urls.len())
    };
    let with = |way: &Way| {
        way.iter().fold(node(), |settings, (key, value)| {
            settings.set(&format!("cluster.{key}"), format!("{value:?}"))
        })
    };
    for (way, said) in wrong {
        with(way).start_in_vain().assert_said(&[said]);
    }
    let server = with(right).start();
    let mut alice = Client::login(&server, "Alice");
    alice.send("hello");
    alice.skip_to("[lobby] Alice: hello");
}

fn one(setup: Setup) -> Servers {
    Servers::start(&Setup { servers: 1, ..setup })
}

fn written(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("a file");
    path.display().to_string()
}

const REFUSED: &str = "refuse the credentials of this node; correct user and password, token";

#[test]
fn a_node_logs_in_by_name_and_password() {
    let way = |password: &str| vec![("user", USER.into()), ("password", password.into())];
    assert_login(
        &one(Setup::default()),
        &way(PASSWORD),
        &[(way("another"), REFUSED), (Vec::new(), REFUSED)],
    );
}

#[test]
fn a_node_logs_in_by_an_nkey() {
    let folder = TempDir::new().expect("a folder");
    let (key, other) = (Key::user(), Key::user());
    let users = Some(format!("[{{ nkey: {} }}]", key.public()));
    let way = |path: String| vec![("nkey_seed", path)];
    let seed = written(&folder, "right", &format!("{}\n", key.seed()));
    let wrong = written(&folder, "wrong", &other.seed());
    let odd = written(&folder, "odd", "no seed");
    assert_login(
        &one(Setup { users, ..Setup::default() }),
        &way(seed),
        &[
            (way(wrong), REFUSED),
            (way(odd.clone()), &format!("cannot use {odd}")),
            (way("/no/such/file".into()), "cannot use /no/such/file"),
        ],
    );
}

#[test]
fn a_node_logs_in_by_a_credentials_file() {
    let folder = TempDir::new().expect("a folder");
    let (account, user) = (Key::account(), Key::user());
    let way = |path: String| vec![("credentials", path)];
    let right = written(&folder, "right.creds", &account.credentials(&user));
    let wrong = written(&folder, "wrong.creds", &Key::account().credentials(&user));
    let odd = written(&folder, "odd.creds", "no credentials");
    let accounts = Some(operated(&account));
    assert_login(
        &one(Setup { accounts, ..Setup::default() }),
        &way(right),
        &[(way(wrong), REFUSED), (way(odd.clone()), &format!("cannot use {odd}"))],
    );
}

#[test]
fn a_node_logs_in_by_a_token() {
    let account = Key::account();
    let servers = one(Setup { accounts: Some(decided(&account)), ..Setup::default() });
    decide(&servers, account, "open sesame");
    let way = |token: &str| vec![("token", token.into())];
    assert_login(&servers, &way("open sesame"), &[(way("open barley"), REFUSED)]);
}

/// Certificates of an authority of their own.
struct Authority {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let key = KeyPair::generate().expect("a key");
        let mut of = CertificateParams::default();
        of.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = of.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("ca.pem"), own.pem()).expect("a file");
        Self { folder, issuer: Issuer::new(of, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes `name.pem` and `name.key`, of a machine at 127.0.0.1 or of a client.
    fn sign(&self, name: &str) {
        let key = KeyPair::generate().expect("a key");
        let mut of = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
        of.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let signed = of.signed_by(&key, &self.issuer).expect("a certificate");
        fs::write(self.path(&format!("{name}.pem")), signed.pem()).expect("a file");
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).expect("a file");
    }
}

#[test]
fn a_node_shows_a_certificate_and_believes_only_whom_it_is_told_to() {
    let (authority, other) = (Authority::new(), Authority::new());
    authority.sign("server");
    authority.sign("node");
    other.sign("node");
    let shown = |path: &Path| path.display().to_string();
    let more = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}\n",
        authority.path("server.pem"),
        authority.path("server.key"),
        authority.path("ca.pem")
    );
    let way = |trusted: &Authority, own: Option<&Authority>| {
        let mut way = vec![
            ("user", USER.into()),
            ("password", PASSWORD.into()),
            ("tls_ca", shown(&trusted.path("ca.pem"))),
        ];
        if let Some(own) = own {
            way.push(("tls_certificate", shown(&own.path("node.pem"))));
            way.push(("tls_key", shown(&own.path("node.key"))));
        }
        way
    };
    let no_tls = vec![("user", USER.into()), ("password", PASSWORD.into())];
    let wrong = "correct tls_ca, tls_certificate and tls_key in [cluster]";
    assert_login(
        &one(Setup { more, ..Setup::default() }),
        &way(&authority, Some(&authority)),
        &[
            (way(&other, Some(&authority)), wrong),
            (way(&authority, None), wrong),
            (way(&authority, Some(&other)), wrong),
            (no_tls, wrong),
        ],
    );
}
