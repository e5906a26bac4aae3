//! What can be typed behind `chinwag`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::fingerprint::Fingerprint;

/// A chat server that needs no set-up and never loses a message, and its client.
#[derive(Debug, Parser)]
#[command(name = "chinwag", version, about, arg_required_else_help = true)]
#[command(after_help = "To begin:\n  \
    chinwag serve          and, in another terminal,\n  \
    nc localhost 8080      or: chinwag client\n\n\
    `chinwag COMMAND --help` tells more, with examples.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server, in the foreground.
    Serve(Serve),
    /// Join a chat.
    Client(Client),
    /// Read the configuration and print what is in force.
    Check(Check),
    /// Ask for a password and print its hash for the configuration.
    #[command(after_help = "Asks twice on a terminal; otherwise reads two lines.\n\n\
        Examples:\n  \
        chinwag hash-password\n  \
        printf 'secret\\nsecret\\n' | chinwag hash-password")]
    HashPassword,
    /// Make a certificate for TLS, signed by itself, and its key.
    MakeCertificate(MakeCertificate),
    /// Look after a cluster over NATS JetStream.
    #[command(subcommand)]
    Cluster(Cluster),
}

/// Commands of `cluster`.
#[derive(Debug, Subcommand)]
pub(crate) enum Cluster {
    /// Tell what is wrong with the cluster and with this node's copy of it, and what to do.
    #[command(
        after_help = "One line for each thing that was looked at. Exit code 1 if one of them is \
        wrong. Changes nothing, and can be run beside a running node, whose data folder is then \
        not looked at.\n\n\
        Examples:\n  \
        chinwag cluster doctor --config /etc/chinwag.toml"
    )]
    Doctor(ClusterNode),
    /// Make a cluster's stream that goes on from this data folder.
    #[command(
        after_help = "For a chinwag that was alone until now, and is stopped: its data folder becomes \
        that of the first node; the other nodes begin with empty ones.\n\n\
        Also where the stream of a cluster is lost, or has lost entries. All nodes have to be stopped. \
        What the stream begins with is the data folder that has the log to the highest entry, so that \
        nothing is lost that any node had. Either name the folders of all nodes, where they are on one \
        machine; or run it on the node that has it to the highest entry, as each node tells when it \
        ends and `chinwag cluster doctor` tells again, and say that entry with --furthest. With \
        --replace, what is left of the stream is deleted before, unless it has an entry that the folder \
        lacks. Start the node of that folder first; the others copy from it what they lack.\n\n\
        Examples:\n  \
        chinwag cluster import --config /etc/chinwag.toml\n  \
        chinwag cluster import --config /etc/chinwag.toml --replace --furthest 8387\n  \
        chinwag cluster import --config a.toml --replace data-a data-b data-c"
    )]
    Import(ClusterImport),
    /// Make the data folder of a node that of a chinwag without a cluster.
    #[command(after_help = "Stop all nodes before, this one last. Then take [cluster] out of the \
        configuration, and start it.\n\n\
        Examples:\n  \
        chinwag cluster export --config /etc/chinwag.toml")]
    Export(ClusterNode),
}

/// Which node of which cluster.
#[derive(Debug, Args)]
pub(crate) struct ClusterNode {
    /// The configuration file; without it, chinwag.toml in this folder if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that holds everything.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Options of `cluster import`.
#[derive(Debug, Args)]
pub(crate) struct ClusterImport {
    #[command(flatten)]
    pub(crate) node: ClusterNode,
    /// Delete what is left of the stream before.
    #[arg(long)]
    pub(crate) replace: bool,
    /// The highest entry to which any node of the cluster has the log.
    #[arg(long, value_name = "ENTRY")]
    pub(crate) furthest: Option<u64>,
    /// Data folders of the cluster's nodes, besides the one that is configured.
    #[arg(value_name = "FOLDER")]
    pub(crate) folders: Vec<PathBuf>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without --config, chinwag.toml in this folder is read if there is one, and \
    without that the defaults hold. Variables such as CHINWAG_SERVER__NAME override the file, \
    options override both. It logs to standard error. SIGINT and SIGTERM stop it, SIGHUP has it \
    read the configuration again.\n\n\
    Examples:\n  \
    chinwag serve\n  \
    chinwag serve --listen 0.0.0.0:8080 --listen unix:/run/chinwag.sock\n  \
    chinwag serve --config /etc/chinwag.toml --data /var/lib/chinwag"
)]
pub(crate) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, as 0.0.0.0:8080 or unix:PATH, instead of where the configuration says;
    /// can be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<String>,
    /// The folder that holds everything.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Options of `client`.
#[derive(Debug, Args)]
#[command(
    override_usage = "chinwag client [OPTIONS] [HOST [PORT [NAME]]]\n       \
    chinwag client [OPTIONS] irc://HOST[:PORT]|ircs://HOST[:PORT] [NAME]",
    after_help = "On a terminal: a line editor with history; Ctrl-D leaves. With --plain, TERM=dumb, \
    or input or output redirected: each input line is sent and each line received is printed. Plain \
    mode ends with the last answer after the end of its input.\n\n\
    A password is read from CHINWAG_PASSWORD, from --password-file, or asked for on the terminal. \
    In plain mode no input is sent when the server refuses the name or the password.\n\n\
    The client speaks TLS for ircs://, for --tls, and by itself where the server requires it.\n\n\
    Exit code 0 after a goodbye; 1 when the connection fails, the login is refused, or the server cuts \
    the client off; 2 for a usage error.\n\n\
    Examples:\n  \
    chinwag client\n  \
    chinwag client ircs://chat.example.org Alice\n  \
    chinwag client --plain '::1' 8080 Alice\n  \
    echo 'the build is green' | chinwag client 127.0.0.1 8080 buildbot"
)]
pub(crate) struct Client {
    /// The server: a name or an address, perhaps with a port (HOST:PORT), or a URL, as
    /// irc://HOST:PORT, or ircs://HOST:PORT for TLS.
    #[arg(value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// The server's port; 8080 unless given.
    #[arg(value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// The name to log in with.
    pub(crate) name: Option<String>,
    /// Only send and print lines, on a terminal too.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Speak TLS, and nothing else.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Trust the certificates in this PEM file too, beside the system's; implies --tls.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Trust the certificate with this SHA-256 fingerprint, and no other; implies --tls.
    #[arg(long, value_name = "SHA256", conflicts_with = "tls_ca")]
    pub(crate) tls_fingerprint: Option<Fingerprint>,
    /// Read the password from this file, which holds it as its only line.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Options of `check`.
#[derive(Debug, Args)]
#[command(after_help = "Behind each value stands where it comes from: default, FILE:LINE, or a \
    variable. An error is one line, FILE:LINE and what to do, and exit code 1.\n\n\
    Examples:\n  \
    chinwag check\n  \
    chinwag check --config /etc/chinwag.toml")]
pub(crate) struct Check {
    /// The configuration file; without it, chinwag.toml in this folder if there is one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Options of `make-certificate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Writes fullchain.pem and privkey.pem, the key readable by nobody else, and prints \
    the fingerprint and what to put into chinwag.toml. Nobody but those who are told the \
    fingerprint, or given fullchain.pem, has a reason to trust it. It holds for 825 days, the \
    longest that all systems accept.\n\n\
    Examples:\n  \
    chinwag make-certificate\n  \
    chinwag make-certificate --name chat.example.org --name 192.0.2.1 --out /etc/chinwag"
)]
pub(crate) struct MakeCertificate {
    /// A name or address that clients connect to; can be given several times. Without any: the
    /// host's name, localhost, 127.0.0.1 and ::1.
    #[arg(long = "name", value_name = "HOST", value_parser = crate::certificate::host)]
    pub(crate) names: Vec<String>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// Write even where there are such files, which are then lost.
    #[arg(long)]
    pub(crate) force: bool,
}
