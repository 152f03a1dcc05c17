//! Processes, and what is asked of them and of the kernel about them.
//!
//! The server and each contender are processes of their own, made by this binary executing itself
//! with a hidden argument: so that what one spends is not counted for another.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Longer than anything takes on a machine that also compiles.
const PATIENCE: Duration = Duration::from_mins(4);
/// An official of the sample configuration, who may raise in Smolensk region.
pub(crate) const OFFICIAL: i64 = 4_000_000_000_001;
/// Ticks a second in `/proc/PID/stat`. `// proc(5), sysconf(_SC_CLK_TCK): 100 on every Linux`
const TICKS: f64 = 100.0;

/// A process that does not outlive us.
pub(crate) struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
    stdin: Option<ChildStdin>,
}

impl Process {
    /// This binary, in another role.
    pub(crate) fn start(args: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let out = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let stdin = child.stdin.take();
        Ok(Self { child, out, stdin })
    }

    /// What it says next.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.out.read_line(&mut line)? == 0 {
            return Err(io::Error::other("a process of the benchmark has died"));
        }
        Ok(line.trim().to_owned())
    }

    /// Tells it something.
    pub(crate) fn tell(&mut self, line: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(stdin, "{line}")
    }

    /// Lets it finish by itself: its input ends.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        drop(self.stdin.take());
        self.child.wait()?;
        Ok(())
    }

    /// Seconds of processor time so far, of all its threads.
    pub(crate) fn cpu(&self) -> io::Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in brackets, may hold anything.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / TICKS)
    }

    /// Resident now and at most, in MiB.
    pub(crate) fn memory(&self) -> io::Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let mib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            let kib = line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok());
            kib.unwrap_or(0.0) / 1024.0
        };
        Ok((mib("VmRSS:"), mib("VmHWM:")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server, and a connection to its control interface.
pub(crate) struct Server {
    process: Process,
    pub(crate) url: String,
    stream: TcpStream,
}

/// What the server lets through: messages a second, free and in all, 0 without a limit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) free: u32,
    pub(crate) paid: u32,
    pub(crate) faults: bool,
    pub(crate) unwatched: bool,
}

impl Server {
    pub(crate) fn start() -> io::Result<Self> {
        let mut process = Process::start(&["--role", "server"])?;
        let port = process.line()?;
        let stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}"), stream })
    }

    pub(crate) fn cpu(&self) -> io::Result<f64> {
        self.process.cpu()
    }

    /// Sets the limits, and counts from nothing.
    pub(crate) fn set(&mut self, limits: Limits) -> io::Result<()> {
        let Limits { free, paid, faults, unwatched } = limits;
        let asked =
            json!({"free": free, "paid": paid, "faults": faults, "watch": !unwatched, "seed": 7});
        self.ask("set", &asked).map(drop)
    }

    pub(crate) fn counts(&mut self, window: f64) -> io::Result<Value> {
        self.ask("counts", &json!({"window": window}))
    }

    /// The text that residents were sent.
    pub(crate) fn sample(&mut self) -> io::Result<String> {
        let body = self.ask("sample", &Value::Null)?;
        Ok(body["text"].as_str().unwrap_or("Тревога").to_owned())
    }

    /// The official writes to a bot.
    pub(crate) fn say(&mut self, bot: i64, text: &str, timed: bool) -> io::Result<()> {
        let said = json!({"bot": bot, "user": OFFICIAL, "text": text, "timed": timed});
        self.ask("say", &said).map(drop)
    }

    fn press(&mut self, bot: i64, data: &str) -> io::Result<()> {
        let pressed = json!({"bot": bot, "user": OFFICIAL, "text": "", "data": data});
        self.ask("say", &pressed).map(drop)
    }

    /// Waits for a message to the official after the first `known` of them.
    fn hears(&mut self, known: usize, wanted: &str) -> io::Result<Value> {
        let begun = Instant::now();
        loop {
            let said = self.ask("said", &Value::Null)?;
            let said = said.as_array().map_or(&[][..], Vec::as_slice);
            let about = |one: &&Value| one[1].to_string().contains(wanted);
            if let Some(found) = said.iter().skip(known).find(about) {
                return Ok(found[1].clone());
            }
            if begun.elapsed() > PATIENCE {
                let last = said.last().map(ToString::to_string).unwrap_or_default();
                return Err(io::Error::other(format!("the official waits for `{wanted}`: {last}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn heard(&mut self) -> io::Result<usize> {
        Ok(self.ask("said", &Value::Null)?.as_array().map_or(0, Vec::len))
    }

    /// The official asks for an alert; says the code that releases it.
    pub(crate) fn asks(&mut self, bot: i64) -> io::Result<String> {
        let known = self.heard()?;
        self.say(bot, "/alert no-fly-zone RU-SMO declared for 90m", false)?;
        let preview = self.hears(known, "Код ")?;
        let text = preview["text"].as_str().unwrap_or_default();
        let code = text.split("Код ").nth(1).unwrap_or_default();
        Ok(code.chars().take(5).collect())
    }

    /// The official raises an alert. The server times what follows.
    pub(crate) fn raises(&mut self, bot: i64) -> io::Result<()> {
        let code = self.asks(bot)?;
        self.say(bot, &format!("/confirm {code} СМОЛЕНСК"), true)
    }

    /// The official ends the alert with this number.
    pub(crate) fn ends(&mut self, bot: i64, number: usize) -> io::Result<()> {
        let known = self.heard()?;
        self.say(bot, &format!("/clear {number}"), false)?;
        let asked = self.hears(known, "окончани")?;
        let buttons = asked["reply_markup"]["inline_keyboard"].as_array().cloned();
        let all = buttons.iter().flatten().filter_map(Value::as_array).flatten();
        let end = all.filter(|one| one["text"].as_str().is_some_and(|t| t.contains("окончание")));
        let mut data = end.filter_map(|one| one["callback_data"].as_str());
        let data = data.next();
        let data = data.ok_or_else(|| io::Error::other(format!("no button to end: {asked}")))?;
        let known = self.heard()?;
        self.press(bot, data)?;
        self.hears(known, "рассылка").map(drop)
    }

    /// Waits until the sum over all bots of a count reaches this much, or nothing comes any more.
    pub(crate) fn until(&mut self, name: &str, wanted: u64, idle: Duration) -> io::Result<Value> {
        let (mut before, mut since) = (0, Instant::now());
        loop {
            let counts = self.counts(60.0)?;
            let now = sum(&counts, name);
            if now >= wanted || (now == before && since.elapsed() > idle) {
                return Ok(counts);
            }
            if now != before {
                (before, since) = (now, Instant::now());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn ask(&mut self, path: &str, body: &Value) -> io::Result<Value> {
        let body = body.to_string();
        let head = format!(
            "POST /control/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(head.as_bytes())?;
        let mut reply = Vec::new();
        let mut part = vec![0; 64 * 1024];
        loop {
            let n = self.stream.read(&mut part)?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            reply.extend_from_slice(&part[..n]);
            let text = String::from_utf8_lossy(&reply);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.split("Content-Length: ").nth(1).and_then(|n| n.trim().parse().ok());
            if body.len() >= length.unwrap_or(usize::MAX) {
                return serde_json::from_str(body).map_err(io::Error::other);
            }
        }
    }
}

/// A count, summed over all bots.
pub(crate) fn sum(counts: &Value, name: &str) -> u64 {
    let bots = counts["bots"].as_object();
    bots.into_iter().flatten().filter_map(|(_, bot)| bot[name].as_u64()).sum()
}

/// The greatest of a count.
pub(crate) fn most(counts: &Value, name: &str) -> u64 {
    let bots = counts["bots"].as_object();
    bots.into_iter().flatten().filter_map(|(_, bot)| bot[name].as_u64()).max().unwrap_or(0)
}

/// From the first to the last message to a resident, in seconds.
pub(crate) fn took(counts: &Value) -> f64 {
    let bots = counts["bots"].as_object();
    let of = |name: &str| {
        let all = bots.into_iter().flatten().filter_map(|(_, bot)| bot[name].as_f64());
        all.collect::<Vec<_>>()
    };
    let first = of("first").into_iter().fold(f64::MAX, f64::min);
    let last = of("last").into_iter().fold(0.0, f64::max);
    (last - first) / 1e6
}
