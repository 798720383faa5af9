//! The command line: what can be asked of the program, and the help that teaches it. Not what is done about it.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The program's arguments.
#[derive(Parser, Debug)]
#[command(
    name = "huntline",
    version,
    about = "Huntline: the real-time core of a call centre",
    long_about = "Huntline: the real-time core of a call centre.\n\n\
        SIP trunks and phones call in, an IVR tells what they want, queues find the agent, and the two talk.\n\
        Without a command it serves with ./config/huntline.toml or, where there is no such file, with the copy inside the program.",
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArguments,
}

const EXAMPLES: &str = "\
Examples:
  huntline                                     serve: agents register at 127.0.0.1:5060, callers dial 1000
  huntline serve --config /etc/huntline.toml   serve with a file of your own
  huntline check-config /etc/huntline.toml     what the file says, and how many calls fit
  huntline simulate tests/scenarios/busy_hour.toml  an hour of traffic in moments
  huntline replay data/ring-control.bin        what a run that died had last heard

Signals: SIGTERM or SIGINT ends politely (no new calls, those in progress finish), a second one at once.
Log: stderr; HUNTLINE_LOG sets the filter, like HUNTLINE_LOG=debug or HUNTLINE_LOG=warn.";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Takes calls until it is told to end (what happens without a command)
    #[command(after_help = "\
Ready when the line `ready: SIP udp …` appears on stdout. Exits with 0 after SIGTERM when the last call is over,
with 1 and one line on stderr when it cannot start.

Example: huntline serve --config config/load.toml")]
    Serve(ServeArguments),
    /// Checks a configuration and prints what it says
    #[command(after_help = "\
Prints trunks, numbers, queues and the IVR tree as a picture, and how many calls the media ports and the file
descriptors allow. Exits with 1 and names file, line, key and value if something is wrong.

Example: huntline check-config config/huntline.toml")]
    CheckConfig {
        /// The file; without it, the one that `serve` would take
        file: Option<PathBuf>,
    },
    /// Runs a scenario in virtual time through the production values
    #[command(after_help = "\
Prints service level, waits, occupancy and counters. The same seed gives the same output to the byte.

Examples:
  huntline simulate tests/scenarios/busy_hour.toml --seed 7
  huntline simulate tests/scenarios/busy_hour.toml --ladder c12   the messages of one call")]
    Simulate(SimulateArguments),
    /// Runs the last inputs of an earlier run through the same values again
    #[command(after_help = "\
`serve` keeps its last inputs in data/ring-control.bin (8 MiB), whatever way it ends; the run before that is
data/ring-control.previous.bin. If the ring holds the run from its start, the replay comes to the same end, to the
byte. If older inputs have been overwritten, what is left is run through a fresh Switch: calls that began before are
not known to it. --ladder prints every input.

Example: huntline replay data/ring-control.bin --ladder | tail -50")]
    Replay {
        /// The ring file
        file: PathBuf,
        /// Prints every input: time, peer, message
        #[arg(long)]
        ladder: bool,
        /// Replays with this configuration instead of the one in the file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

#[derive(Args, Debug, Default)]
pub struct ServeArguments {
    /// Configuration [default: config/huntline.toml if it is there, else the copy inside the program]
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct SimulateArguments {
    /// The scenario file
    pub scenario: PathBuf,
    /// Seed of everything random [default: the scenario's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Prints the ladder of this call, like c12
    #[arg(long, value_name = "CALL")]
    pub ladder: Option<String>,
}

impl Cli {
    /// The command that is meant.
    pub fn asked(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        for line in [&["huntline"][..], &["huntline", "serve"]] {
            let cli = Cli::parse_from(line);
            assert!(matches!(cli.asked(), Command::Serve(ServeArguments { config: None })));
        }
        let cli = Cli::parse_from(["huntline", "-c", "x.toml"]);
        assert!(matches!(cli.asked(), Command::Serve(ServeArguments { config: Some(_) })));
        assert!(Cli::try_parse_from(["huntline", "-c", "x.toml", "serve"]).is_err());
    }
}
