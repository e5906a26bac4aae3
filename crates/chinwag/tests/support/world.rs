//! A small world of machines, each in a network namespace of its own, whose cables can be cut.
//!
//! Root is not needed where a user may make a namespace of users: the test runs itself again in one.
//! A machine is a process that stands still in a namespace; a cable is a pair of veths, of which one end
//! is in the world around, which hands packets on. A cable is cut by a rule of that routing, so that
//! packets vanish in silence, as they do in a broken switch.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use chinwag_nats::suite::Place;

/// Set for the test that runs in a world.
const INSIDE: &str = "CHINWAG_TEST_WORLD";

/// Set by whoever does without these tests.
const WITHOUT: &str = "CHINWAG_NO_NAMESPACES";

/// Machines, and cables between each two of them.
#[derive(Debug)]
pub(crate) struct World {
    machines: Vec<Child>,
    cut: Vec<(usize, usize)>,
}

/// Runs a test in a world of so many machines. `test` is its name.
///
/// # Panics
/// Where this system makes no namespaces, unless `CHINWAG_NO_NAMESPACES` is set.
pub(crate) fn within(test: &str, machines: usize, body: impl FnOnce(World)) {
    if std::env::var_os(INSIDE).is_some() {
        return body(World::make(machines));
    }
    let ways: [&[&str]; 2] = [&["--user", "--map-root-user", "--net"], &["--net"]];
    let mut said = String::new();
    let way = ways.into_iter().find(|way| match probe(way) {
        Ok(()) => true,
        Err(why) => {
            said.push_str(&format!("\n  unshare {}: {why}", way.join(" ")));
            false
        }
    });
    let Some(way) = way else {
        let what = format!("no network namespaces can be made here, so no cable is cut:{said}");
        assert!(
            std::env::var_os(WITHOUT).is_some(),
            "{what}\nSet {WITHOUT}=1 to do without these tests."
        );
        println!("{what}");
        return;
    };
    let own = std::env::current_exe().expect("this program is somewhere");
    let status = Command::new("unshare")
        .args(way)
        .arg(own)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("the probe could be run");
    assert!(status.success(), "in the world of its own: {status}");
}

/// Whether namespaces can be made so, and cables laid in them.
fn probe(way: &[&str]) -> Result<(), String> {
    let made = Command::new("unshare")
        .args(way)
        .args(["ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"])
        .output()
        .map_err(|error| error.to_string())?;
    let said = || String::from_utf8_lossy(&made.stderr).trim().to_owned();
    if made.status.success() { Ok(()) } else { Err(said()) }
}

impl World {
    fn make(machines: usize) -> Self {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("this world hands packets on");
        ip(&[], "link set lo up");
        let mut world = Self { machines: Vec::new(), cut: Vec::new() };
        for n in 0..machines {
            // It ends with this process, as then its input does.
            let mut machine = Command::new("unshare")
                .args(["--net", "sh", "-c", "echo && exec cat"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("a machine");
            let out = machine.stdout.as_mut().expect("a pipe");
            std::io::Read::read_exact(out, &mut [0]).expect("the machine is there");
            let pid = machine.id();
            world.machines.push(machine);
            let (cable, own) = (n + 1, world.address(n));
            let gate = gate(n);
            ip(
                &[],
                &format!(
                    "link add c{cable} type veth peer name eth0 netns {pid}
                     addr add {gate}/30 dev c{cable}
                     link set c{cable} up"
                ),
            );
            ip(
                &world.through(n),
                &format!(
                    "link set lo up
                     addr add {own}/30 dev eth0
                     link set eth0 up
                     route add default via {gate}"
                ),
            );
        }
        world
    }

    /// The address of a machine. This process reaches it whatever is cut.
    pub(crate) fn address(&self, n: usize) -> Ipv4Addr {
        Ipv4Addr::from(gate(n).to_bits() + 1)
    }

    /// The command that runs something on a machine.
    pub(crate) fn through(&self, n: usize) -> Vec<String> {
        let pid = self.machines[n].id().to_string();
        ["nsenter", "--target", &pid, "--net"].map(str::to_owned).into()
    }

    /// Where a NATS server on this machine runs.
    pub(crate) fn place(&self, n: usize) -> Place {
        Place { address: self.address(n), through: self.through(n) }
    }

    /// From now on nothing comes from these machines to those.
    pub(crate) fn cut(&mut self, from: &[usize], to: &[usize]) {
        let pairs = from.iter().flat_map(|from| to.iter().map(|to| (*from, *to)));
        let pairs: Vec<_> = pairs.filter(|pair| !self.cut.contains(pair)).collect();
        self.route("add", &pairs);
        self.cut.extend(pairs);
    }

    /// From now on nothing goes between these machines and those, either way.
    pub(crate) fn part(&mut self, some: &[usize], others: &[usize]) {
        self.cut(some, others);
        self.cut(others, some);
    }

    /// All cables are whole again.
    pub(crate) fn mend(&mut self) {
        let pairs = std::mem::take(&mut self.cut);
        self.route("del", &pairs);
    }

    fn route(&self, what: &str, pairs: &[(usize, usize)]) {
        let rule = |(from, to): &(usize, usize)| {
            let (from, to) = (self.address(*from), self.address(*to));
            format!("rule {what} from {from} to {to} blackhole\n")
        };
        ip(&[], &pairs.iter().map(rule).collect::<String>());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for machine in &mut self.machines {
            // It may well have ended.
            let _ = machine.kill();
            let _ = machine.wait();
        }
    }
}

/// This world's end of a machine's cable.
fn gate(n: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, u8::try_from(n + 1).expect("a small world"), 1)
}

/// Has `ip` do all this, here or on a machine.
fn ip(through: &[String], lines: &str) {
    let command = [through, &["ip", "-batch", "-"].map(str::to_owned)].concat();
    let mut run = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .spawn()
        .expect("ip is there, of Debian's package iproute2");
    let mut input = run.stdin.take().expect("a pipe");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let status = run.wait().expect("it ends");
    assert!(status.success(), "{command:?} {status}:\n{lines}");
}
