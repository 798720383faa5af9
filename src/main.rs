//! The program: reads the command line, does what it asks, and turns any failure into one clear line and an exit code.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the shell may do what the library may not")]

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use huntline::config::{Epoch, picture};
use huntline::io::cli::{Cli, Command, SimulateArguments};
use huntline::io::configuration::Source;
use huntline::io::replay_file::{ReplayFile, outcome_text};
use huntline::io::{descriptors, log, start};
use huntline::sim::scenario::{self, Wishes};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    log::end_the_process_on_panic();
    match run(Cli::parse().asked()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("huntline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(arguments) => match start::serve(arguments.config.as_deref())? {
            0 => Ok(()),
            cut => bail!("ended at once with {cut} calls in progress"),
        },
        Command::CheckConfig { file } => check_config(file.as_deref()),
        Command::Simulate(arguments) => simulate(&arguments),
        Command::Replay { file, ladder, config } => replay(&file, ladder, config.as_deref()),
    }
}

/// Prints on stdout; a reader who has seen enough (`| head`) is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("stdout"),
        _ => Ok(()),
    }
}

fn check_config(file: Option<&Path>) -> Result<()> {
    let source = Source::find(file)?;
    let epoch = source.load()?;
    epoch.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    print(&picture::picture(&epoch))?;
    print(&room(&source, &epoch)?)
}

/// How many calls the ports and this shell's descriptors allow.
fn room(source: &Source, epoch: &Epoch) -> Result<String> {
    let (first, last) = epoch.process.media_ports;
    let limit = descriptors::raise(descriptors::wanted((first, last))).context("limit of file descriptors")?;
    let room = descriptors::Room::new((first, last), limit);
    let bound = if room.descriptors_bound { "the file descriptors are what bounds" } else { "enough file descriptors" };
    Ok(format!(
        "\nRoom: media ports {first}–{last} and {limit} file descriptors allow {} talking calls ({bound}).\n{}: correct.\n",
        room.calls(),
        source.name
    ))
}

/// Runs a scenario; what was left over at its end is a failure.
fn simulate(arguments: &SimulateArguments) -> Result<()> {
    let path = arguments.scenario.display();
    let text = std::fs::read_to_string(&arguments.scenario).with_context(|| path.to_string())?;
    let wishes = Wishes { seed: arguments.seed, ladder: arguments.ladder.clone(), ..Wishes::default() };
    let report = scenario::run(&text, &wishes).map_err(|error| anyhow!("{path}: {error}"))?;
    print(&report.to_string())?;
    if report.problems.is_empty() { Ok(()) } else { bail!("{path}: {} problems, listed above", report.problems.len()) }
}

fn replay(file: &Path, ladder: bool, config: Option<&Path>) -> Result<()> {
    let file = ReplayFile::read(file)?;
    print(&file.head())?;
    if ladder {
        print(&file.ladder())?;
    }
    let source = match config {
        Some(_) => Source::find(config)?,
        None => Source::of_recording(&file.start.configuration, &file.start.text),
    };
    let mut epoch = source.load()?;
    let listeners = &mut Arc::make_mut(&mut epoch.switch).listeners;
    for (listener, bound) in listeners.iter_mut().zip(&file.start.listeners) {
        listener.address.set_port(bound.port());
    }
    let outcome = huntline::sim::replay::replay(&file.header, &file.records, &epoch);
    print(&outcome_text(&outcome, file.whole))
}
