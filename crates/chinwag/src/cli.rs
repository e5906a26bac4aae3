//! What can be typed behind `chinwag`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A chat server that needs no set-up and never loses a message, and its client.
#[derive(Debug, Parser)]
#[command(name = "chinwag", version, about, arg_required_else_help = true)]
#[command(after_help = "To begin: `chinwag serve`, and in another terminal `nc localhost 8080`.")]
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
    HashPassword,
}

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "Without --config, chinwag.toml in this folder is read if there is one.\n\
    SIGINT and SIGTERM stop the server, SIGHUP has it read the configuration again.")]
pub(crate) struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, as 0.0.0.0:8080 or unix:PATH; can be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<String>,
    /// The folder that holds everything.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Options of `client`.
#[derive(Debug, Args)]
#[command(after_help = "On a terminal: a line editor with history; Ctrl-D leaves. With input or \
    output redirected: each input line is sent, each line received is printed.\n\n\
    Example: printf 'hello\\nexit\\n' | chinwag client 127.0.0.1 8080 Alice")]
pub(crate) struct Client {
    /// The server's name or address.
    #[arg(default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// The server's port.
    #[arg(default_value_t = 8080)]
    pub(crate) port: u16,
    /// The name to come in under.
    pub(crate) name: Option<String>,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
