//! Arguments in, exit code out.
//!
//! Deliberately absent: everything else. What a command does is in `app`.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow};
use clap::{Parser, Subcommand};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{self, clock::System},
    config::{self, Config, Fault, LogFormat},
    sim::weather::Weather,
};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "nabat",
    version,
    about = "Warns people by Telegram: officials raise alerts, residents are told what to do"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon.
    Serve {
        /// The directory of the configuration.
        #[arg(long, default_value = "config", env = "NABAT_CONFIG")]
        config: PathBuf,
    },
    /// Run the whole daemon against a simulated Telegram, with officials and residents, and judge it.
    Rehearse(app::rehearse::Args),
    /// Send past alerts through the engine, on virtual time, and judge what the phones were told.
    Replay(app::replay::Args),
    /// Run the simulated Telegram alone, for `serve` or any other bot to be tried against.
    Simulate {
        /// Where to listen; on loopback.
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
        /// Everything by chance comes from this number.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// calm or storm.
        #[arg(long, default_value = "calm", value_parser = app::simulate::weather)]
        weather: Weather,
        /// Messages a second that a bot may send.
        #[arg(long, default_value_t = 30)]
        rate: u32,
    },
    /// Say all that is wrong with a configuration.
    Check {
        /// Its directory.
        #[arg(default_value = "config")]
        dir: PathBuf,
        /// Take warnings for faults.
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Say how an alert reached people, and draw it. The daemon may run.
    Report(app::report::Args),
    /// The journal: who did what, in a chain that shows any change.
    Audit {
        #[command(subcommand)]
        audit: Audit,
    },
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Check the chain from its first line to its last. The daemon must not run.
    Verify {
        /// The directory of the configuration.
        #[arg(long, default_value = "config", env = "NABAT_CONFIG")]
        config: PathBuf,
    },
}

/// Does what the arguments ask. Errors are printed, one sentence each.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command } = Cli::parse();
    match dispatch(command) {
        Ok(code) => code,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "nabat: {fault:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Serve { config } => serve(&config),
        Command::Rehearse(args) => {
            // The daemon's log would tear the picture; whoever wants it sets NABAT_LOG.
            log("off", LogFormat::Text)?;
            runtime()?.block_on(async {
                tokio::select! {
                    end = app::rehearse::run(args) => end,
                    signal = signal() => signal.map(|()| ExitCode::FAILURE),
                }
            })
        }
        Command::Replay(args) => app::replay::run(&args),
        Command::Simulate { listen, seed, weather, rate } => {
            log("info", LogFormat::Text)?;
            runtime()?.block_on(async {
                tokio::select! {
                    end = app::simulate::run(listen, seed, weather, rate) => end,
                    signal = signal() => signal,
                }
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { dir, deny_warnings } => check(&dir, deny_warnings),
        Command::Report(args) => report(&args),
        Command::Audit { audit: Audit::Verify { config } } => verify(&config),
    }
}

/// Reads a configuration, or says all that is wrong with it.
fn load(dir: &std::path::Path) -> Result<Config> {
    match config::load(dir) {
        Ok((config, warnings)) => {
            say(&warnings);
            Ok(config)
        }
        Err(faults) => {
            say(&faults);
            Err(anyhow!("the configuration in {} has faults; nothing was started", dir.display()))
        }
    }
}

fn say(faults: &[Fault]) {
    let mut out = std::io::stderr().lock();
    let coloured = std::io::stderr().is_terminal();
    for fault in faults {
        let _ = writeln!(out, "{}\n", fault.render(coloured));
    }
}

fn check(dir: &std::path::Path, deny_warnings: bool) -> Result<ExitCode> {
    let (faults, sound) = match config::load(dir) {
        Ok((_, warnings)) => (warnings, true),
        Err(faults) => (faults, false),
    };
    say(&faults);
    let mut out = std::io::stdout().lock();
    let (errors, warnings): (Vec<_>, Vec<_>) =
        faults.iter().partition(|fault| fault.gravity == config::Gravity::Error);
    writeln!(out, "{}: {} faults, {} warnings", dir.display(), errors.len(), warnings.len())?;
    let good = sound && (faults.is_empty() || !deny_warnings);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn serve(dir: &std::path::Path) -> Result<ExitCode> {
    let config = load(dir)?;
    log(&config.log.filter, config.log.format)?;
    let bots = app::credentials(&config)?;
    let path = app::database(&config.storage.url);
    app::runtime()?.block_on(async {
        let store = app::open(&path).await?;
        let stop = CancellationToken::new();
        let (ready, up) = oneshot::channel();
        let daemon = app::serve(config, bots, store.clone(), System::start(), stop.clone(), ready);
        let watch = async {
            if up.await.is_ok() {
                tracing::info!("ready");
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
            }
            signal().await?;
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
            stop.cancel();
            signal().await
        };
        let end = tokio::select! {
            end = daemon => end,
            // A second signal: at once.
            _ = watch => Err(anyhow!("stopped at once; what was in flight is uncertain")),
        };
        store.close().await;
        end.map(|()| ExitCode::SUCCESS)
    })
}

fn report(args: &app::report::Args) -> Result<ExitCode> {
    let config = load(&args.config)?;
    runtime()?.block_on(app::report::run(args, &config)).map(|()| ExitCode::SUCCESS)
}

fn verify(dir: &std::path::Path) -> Result<ExitCode> {
    let config = load(dir)?;
    let path = app::database(&config.storage.url);
    runtime()?.block_on(async {
        let store = app::open(&path).await?;
        let mut out = std::io::stdout().lock();
        let end = match store.verify_journal().await.context("the journal can't be read")? {
            Ok(lines) => {
                writeln!(out, "the journal is whole: {lines} lines")?;
                ExitCode::SUCCESS
            }
            Err(broken) => {
                writeln!(out, "THE JOURNAL WAS CHANGED: {broken}")?;
                ExitCode::FAILURE
            }
        };
        store.close().await;
        Ok(end)
    })
}

/// Waits for Ctrl-C or SIGTERM.
async fn signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
    tokio::select! {
        end = tokio::signal::ctrl_c() => end.context("can't listen for Ctrl-C")?,
        _ = term.recv() => {}
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("can't start the runtime")
}

/// Sends logs to standard error.
fn log(filter: &str, format: LogFormat) -> Result<()> {
    use tracing_subscriber::EnvFilter;
    let wanted = std::env::var("NABAT_LOG").unwrap_or_else(|_| filter.to_owned());
    let filter = EnvFilter::try_new(&wanted)
        .with_context(|| format!("`{wanted}` is no filter of logs: write for example `info`"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => logs.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    started.map_err(|fault| anyhow!("logs can't be started: {fault}"))
}
