//! What is read, what is refused and in which words, and what stands before what.

use super::schema::KEYS;
use super::setting::Origin;
use super::*;

/// Reads a configuration that consists of a file `c.toml` and these variables.
fn load(text: impl AsRef<[u8]>, environment: &[(&str, &str)]) -> Result<Config, String> {
    load_with_options(text, environment, Source::default())
}

fn load_with_options(
    text: impl AsRef<[u8]>,
    environment: &[(&str, &str)],
    source: Source,
) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    std::fs::write(&file, text).unwrap();
    let source = Source { file: Some(file.clone()), ..source };
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    let shown =
        |error: ConfigError| error.to_string().replace(&file.display().to_string(), "c.toml");
    source.load_with(environment).map_err(shown)
}

#[test]
fn nothing_configured_is_the_default() {
    let config = load("", &[]).unwrap();
    let options = config.options(&[]).unwrap();
    assert_eq!(options.listeners.len(), 1);
    let listener = &options.listeners[0];
    assert_eq!(listener.address.to_string(), "127.0.0.1:8080");
    assert_eq!(listener.faces.to_string(), "line, irc, web");
    assert_eq!(listener.unterminated, None);
    let policy = options.policy;
    assert_eq!(policy.name, host_name());
    assert_eq!(policy.clients_max, 100_000);
    assert!(policy.guests && policy.open_names && policy.registration);
    assert_eq!((policy.password_memory_kib, policy.password_passes), (19_456, 2));
    assert_eq!(policy.limits.line_bytes, 4096);
    assert_eq!(policy.limits.outbox_bytes, 1 << 20);
    assert_eq!(policy.limits.name_time, Duration::from_secs(60));
    assert_eq!(config.data(), PathBuf::from("chinwag-data"));
    assert_eq!((config.log_is_json(), config.log_level()), (false, "info"));
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    const LISTEN: &str =
        "takes an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\"";
    for (text, message) in [
        ("[server]\nnmae = \"x\"", "2: server.nmae is no setting; did you mean server.name?"),
        ("\nfoo = 1", "2: foo is no setting; chinwag.example.toml has all there are"),
        ("[a.b]\nc = 1", "1: a is no setting; chinwag.example.toml has all there are"),
        (
            "[log]\n\"a\\nb\" = 1",
            "2: log.\"a\\nb\" is no setting; chinwag.example.toml has all there are",
        ),
        ("\"log.level\" = \"info\"", "1: \"log.level\" is no setting; did you mean log.level?"),
        ("[limits]\nline_bytes = \"x\"", "2: limits.line_bytes takes a number from 512 to 16384"),
        ("[limits]\n\nline_bytes = 1", "3: limits.line_bytes takes a number from 512 to 16384"),
        ("limits.line_bytes = 1.5", "1: limits.line_bytes takes a number from 512 to 16384"),
        ("limits = { line_bytes = 1 }", "1: limits.line_bytes takes a number from 512 to 16384"),
        ("[limits.line_bytes]", "1: limits.line_bytes takes a number from 512 to 16384"),
        (
            "[server]\nname = 5",
            "2: server.name takes a text of 1 to 63 printable characters without blanks",
        ),
        ("[server]\ndata = \"\"", "2: server.data takes a path of 1 to 4096 bytes, all printable"),
        (
            "[server]\ndescription = \"a\\u001bb\"",
            "2: server.description takes a line of at most 400 bytes, all printable",
        ),
        (
            "[server]\nmotd = \"a\\u202eb\"",
            "2: server.motd takes a text of at most 65536 bytes, all printable",
        ),
        ("[accounts]\nguests = \"yes\"", "2: accounts.guests takes true or false"),
        (
            "[accounts.password]\npasses = 0",
            "2: accounts.password.passes takes a number from 1 to 100",
        ),
        ("[[listen]]\naddress = \"nowhere\"", &format!("2: listen.address {LISTEN}")),
        ("listen = [\n{ address = \"nowhere\" }]", &format!("2: listen.address {LISTEN}")),
        (
            "[[listen]]\nfaces = [\"line\", \"fax\"]",
            "2: listen.faces takes a list of one or more of \"line\", \"irc\", \"web\", \"metrics\"",
        ),
        (
            "[[listen]]\nfaces = []",
            "2: listen.faces takes a list of one or more of \"line\", \"irc\", \"web\", \"metrics\"",
        ),
        (
            "[[listen]]\ntls = \"on\"",
            "2: listen.tls takes one of \"off\", \"detect\", \"required\"",
        ),
        (
            "[[listen]]\nproxy_from = [\"10.0.0.0/33\"]",
            "2: listen.proxy_from takes a list of at most 100 addresses, as \"127.0.0.1\", networks, as \"10.0.0.0/8\", or \"unix\"",
        ),
        (
            "[[operator]]\nname = \"a\"\npassword_hash = \"x\"",
            "3: operator.password_hash takes what `chinwag hash-password` prints",
        ),
        (
            "\n[[operator]]\nname = \"a\"",
            "2: operator.password_hash is missing; set it to what `chinwag hash-password` prints, or take operator out",
        ),
        (
            "\n[tls]\ncertificate = \"a\"",
            "2: tls.key is missing; set it to a path of 1 to 4096 bytes, all printable, or take tls out",
        ),
        (
            "\n\n[cluster]",
            "3: cluster.servers is missing; set it to a list of 1 to 100 texts, all printable, or take cluster out",
        ),
        (
            "[log]\nlevel = \"loud\"",
            "2: log.level takes one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
        ),
        ("[server", "1: this is not TOML: unclosed table, expected `]`"),
        ("[log]\nlevel = \"info\"\nlevel = \"info\"", "3: this is not TOML: duplicate key"),
        ("listen = 5", "1: listen takes tables: [[listen]]"),
        ("[listen]\naddress = \"0.0.0.0:1\"", "1: listen takes tables: [[listen]]"),
        ("server = 5", "1: server takes a table: [server]"),
    ] {
        assert_eq!(load(text, &[]).map(|_| ()), Err(format!("c.toml:{message}")), "{text:?}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let not_utf8 = load(b"# fine\nname = \"\xff\"", &[]).map(|_| ());
    assert_eq!(not_utf8, Err("c.toml:2: this is not UTF-8".to_owned()));
    let long = load("#".repeat((1 << 20) + 1), &[]).map(|_| ());
    assert_eq!(long, Err("c.toml:1: a configuration has at most 1048576 bytes".to_owned()));
    let deep = load(format!("a = {}", "[".repeat(100_000)), &[]).map(|_| ()).unwrap_err();
    assert!(deep.starts_with("c.toml:1: this is not TOML: "), "{deep}");
}

#[test]
fn the_environment_is_before_the_file() {
    let text =
        "[server]\nname = \"file\"\n[[listen]]\naddress = \"0.0.0.0:1\"\nunterminated_ms = 7";
    let environment = [
        ("CHINWAG_SERVER__NAME", "env"),
        ("CHINWAG_LISTEN__0__ADDRESS", "127.0.0.1:2"),
        ("CHINWAG_LISTEN__1__FACES", "line"),
        ("CHINWAG_LIMITS__LINES_PER_SECOND", "0"),
        ("CHINWAG_UNRELATED", "left alone"),
        ("CHINWAG", "left alone"),
    ];
    let options = load(text, &environment).unwrap().options(&[]).unwrap();
    assert_eq!(options.policy.name, "env");
    assert_eq!(options.policy.limits.lines_per_second, 0);
    let listeners: Vec<_> = options.listeners.iter().map(|l| l.address.to_string()).collect();
    assert_eq!(listeners, ["127.0.0.1:2", "127.0.0.1:8080"]);
    assert_eq!(options.listeners[0].unterminated, Some(Duration::from_millis(7)));
    assert_eq!(options.listeners[1].faces.to_string(), "line");
}

#[test]
fn a_wrong_variable_is_named() {
    for (name, value, message) in [
        ("CHINWAG_SERVER__NMAE", "x", "server.nmae is no setting; did you mean server.name?"),
        (
            "CHINWAG_SERVER__NAME",
            "a b",
            "server.name takes a text of 1 to 63 printable characters without blanks",
        ),
        (
            "CHINWAG_LISTEN__ADDRESS",
            "x",
            "listen.address is no setting; did you mean listen.0.address?",
        ),
        ("CHINWAG_LISTEN__2__TLS", "off", "there is no listen 1, so none can be 2; count from 0"),
        (
            "CHINWAG_LISTEN__99999999999999__TLS",
            "off",
            "there is no listen 1, so none can be 99999999999999; count from 0",
        ),
        ("CHINWAG_SERVER", "x", ""),
        ("CHINWAG___", "x", ". is no setting; chinwag.example.toml has all there are"),
        ("CHINWAG_A__\n", "x", "a.\\n is no setting; chinwag.example.toml has all there are"),
    ] {
        let wrong = load("", &[(name, value)]).map(|_| ());
        let said = format!("{}: {message}", name.replace('\n', "\\n"));
        assert_eq!(wrong, if message.is_empty() { Ok(()) } else { Err(said) });
    }
}

#[test]
fn options_are_before_the_environment() {
    let text = "[[listen]]\nfaces = [\"line\"]\n[[listen]]\nfaces = [\"web\"]";
    let environment =
        [("CHINWAG_LISTEN__0__ADDRESS", "127.0.0.1:2"), ("CHINWAG_SERVER__DATA", "env")];
    let listen = |addresses: &[&str]| Source {
        listen: addresses.iter().map(|a| (*a).to_owned()).collect(),
        data: Some("option".into()),
        ..Source::default()
    };
    for (addresses, listening) in [
        (vec!["unix:a"], vec!["unix:a (line)"]),
        (vec!["[::1]:1", "1.2.3.4:5"], vec!["[::1]:1 (line)", "1.2.3.4:5 (web)"]),
        (
            vec!["[::1]:1", "[::1]:2", "[::1]:3"],
            vec!["[::1]:1 (line)", "[::1]:2 (web)", "[::1]:3 (line, irc, web)"],
        ),
    ] {
        let config = load_with_options(text, &environment, listen(&addresses)).unwrap();
        assert_eq!(config.data(), PathBuf::from("option"));
        let shown: Vec<_> = config
            .options(&[])
            .unwrap()
            .listeners
            .iter()
            .map(|listener| format!("{} ({})", listener.address, listener.faces))
            .collect();
        assert_eq!(shown, listening);
    }
    let wrong = load_with_options("", &[], listen(&["8080"])).map(|_| ()).unwrap_err();
    assert!(wrong.starts_with("--listen: listen.address takes an IP address with"), "{wrong}");
}

#[test]
fn a_node_logs_in_at_its_cluster_in_one_way() {
    let load_cluster = |more: &str| {
        let text = format!("[cluster]\nservers = [\"nats://a\"]\nnode = \"a\"\n{more}");
        load(&text, &[]).unwrap().cluster()
    };
    for (more, login) in [
        ("", "Nothing"),
        ("user = \"u\"\npassword = \"p\"", "Password"),
        ("token = \"t\"", "Token"),
        ("nkey_seed = \"s\"", "Seed"),
        ("credentials = \"c\"", "Credentials"),
    ] {
        let options = load_cluster(more).unwrap().unwrap();
        assert_eq!(format!("{:?}", options.login), login, "{more}");
    }
    for (more, message) in [
        (
            "user = \"u\"\ntoken = \"t\"",
            "5: cluster.token cannot be used beside cluster.user; take one out",
        ),
        ("password = \"p\"", "4: cluster.password is of nobody; name a cluster.user"),
        ("tls_key = \"k\"", "4: cluster.tls_key needs cluster.tls_certificate"),
    ] {
        let error = load_cluster(more).map(drop).unwrap_err().to_string();
        assert!(error.ends_with(&format!("c.toml:{message}")), "{error}");
    }
    assert!(load("", &[]).unwrap().cluster().unwrap().is_none());
}

#[test]
fn tls_is_off_without_a_certificate_and_cannot_be_had() {
    assert!(load("", &[]).unwrap().certificate().unwrap().is_none());
    for (text, what) in [
        (
            "[[listen]]\n[[listen]]\ntls = \"required\"",
            "c.toml:3: listen.tls is \"required\", but there is no certificate; name one in [tls] (`chinwag make-certificate` makes one), or set it to \"off\"",
        ),
        (
            "[tls]\ncertificate = \"/nowhere/a\"\nkey = \"b\"",
            "c.toml:2: /nowhere/a cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let said = load(text, &[]).unwrap().certificate().unwrap_err().to_string();
        assert!(said.ends_with(what), "{said}");
    }
}

#[test]
fn where_there_is_a_certificate_tls_is_detected() {
    let text = "[tls]\ncertificate = \"a\"\nkey = \"b\"\n\
        [[listen]]\n[[listen]]\ntls = \"off\"\nproxy_from = [\"10.0.0.0/8\", \"unix\"]";
    let listeners = load(text, &[]).unwrap().listen_options();
    assert_eq!((listeners[0].tls, listeners[1].tls), (TlsUse::Detect, TlsUse::Off));
    assert!(!listeners[0].proxies.have(None));
    let proxies = &listeners[1].proxies;
    assert!(proxies.have(None) && proxies.have("10.1.2.3".parse().ok()));
    assert!(!proxies.have("127.0.0.1".parse().ok()));
}

#[test]
fn the_example_has_every_setting() {
    let example = include_str!("../../../../chinwag.example.toml");
    let uncommented: Vec<_> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let config = load(uncommented.join("\n"), &[]).unwrap();
    for key in KEYS {
        let origin = config.settings().get(&key.path.replace('*', "0")).map(|s| &s.origin);
        assert!(matches!(origin, Some(Origin::File(..))), "{} is in the example", key.path);
    }
}
