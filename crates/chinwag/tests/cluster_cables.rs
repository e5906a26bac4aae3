//! Three NATS servers and three nodes, each on a machine of its own, whose cables are cut: both ways and
//! one way, under load. What everyone saw is what every node's history tells.
//!
//! `CHINWAG_CLUSTER_SECONDS=600` has the load go on for so long, with accidents by chance; it prints its
//! seed, and `CHINWAG_SEED` has it again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{LONG, node, ready, visitor, wait_until_ready};
use support::dice::Dice;
use support::load::{Crowd, talk_through};
use support::server::Server;
use support::world::{World, within};

/// The stream, as it is called where nothing else is said.
const STREAM: &str = "chinwag";

/// Machines: those of the NATS servers, then those of the nodes.
const MACHINES: usize = 6;
const SERVERS: [usize; 3] = [0, 1, 2];
const NODES: [usize; 3] = [3, 4, 5];

/// After so long the others have taken a node for gone that is not heard.
const GONE: Duration = Duration::from_secs(10);

/// A world, and what runs in it.
struct Site {
    servers: Servers,
    nodes: [Server; 3],
    world: World,
}

impl Site {
    fn new(world: World) -> Self {
        let places = SERVERS.map(|n| world.place(n)).into();
        let servers = Servers::start(&Setup { places, ..Setup::default() });
        let nodes = ["a", "b", "c"];
        let nodes = std::array::from_fn(|n| {
            let machine = NODES[n];
            node(&servers, nodes[n])
                .address(format!("{}:0", world.address(machine)))
                .through(&world.through(machine))
                .start()
        });
        Self { servers, nodes, world }
    }
}

/// All machines but these.
fn others(than: &[usize]) -> Vec<usize> {
    (0..MACHINES).filter(|n| !than.contains(n)).collect()
}

#[test]
fn a_node_cut_off_from_all_reads_on_refuses_aloud_and_begins_anew_when_it_is_back() {
    let name = "a_node_cut_off_from_all_reads_on_refuses_aloud_and_begins_anew_when_it_is_back";
    within(name, MACHINES, |world| {
        let Site { servers: _servers, nodes: [a, b, _c], mut world } = Site::new(world);
        let mut ana = Client::login(&a, "Ana");
        let mut ida = visitor(&a, "ida");
        let mut bob = Client::login(&b, "Bob");
        ana.send("before");
        bob.skip_to("[lobby] Ana: before");
        world.part(&[NODES[0]], &others(&[NODES[0]]));
        let cut = Instant::now();
        ana.send("into the void");
        ida.send("PRIVMSG #tea :into the void");
        // The others go on; for them, who was on that node goes once.
        bob.send("who is there?");
        bob.skip_to("[lobby] Bob: who is there?");
        bob.skip_within(LONG, "<User Ana is offline.>");
        assert!(cut.elapsed() > Duration::from_secs(6), "gone after {:?}", cut.elapsed());
        ana.skip_within(LONG, "<Not known yet whether that is stored");
        assert!(cut.elapsed() > Duration::from_secs(10), "refused after {:?}", cut.elapsed());
        ida.skip_within(LONG, ":chat.test FAIL PRIVMSG");
        ana.send("nor this");
        ana.skip_to("<Not stored, so not sent: this server is cut off from the others.>");
        let past = ana.answer("/history");
        assert!(past.iter().any(|line| line.contains("Ana: before")), "{past:#?}");
        let (is_ready, said) = ready(&a);
        assert!(!is_ready && said.contains("cut off"), "{said}");

        world.mend();
        ana.skip_within(LONG, "<This server has lost the others and begins anew. Connect again.>");
        ana.expect_closed();
        ida.skip_within(LONG, "ERROR :This server has lost the others and begins anew");
        wait_until_ready(&a);
        let mut ana = Client::connect(&a).called("Ana");
        ana.send("Ana");
        ana.send("after");
        ana.skip_to("[lobby] Ana: after");
        bob.skip_to("[lobby] Ana: after");
        for client in [&mut ana, &mut bob] {
            let past = client.answer("/history");
            let times = |what| past.iter().filter(|line| line.contains(what)).count();
            let all = ["Ana: before", "Bob: who is there?", "Ana: after", "nor this", "void"];
            assert_eq!(all.map(times), [1, 1, 1, 0, 0], "{past:#?}");
        }
    });
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Accident {
    /// All NATS servers are killed at once, and come back.
    AllServersDie,
    /// The NATS server that leads the stream is cut off from all.
    LeaderIsCutOff,
    /// What it sends goes nowhere; it hears all.
    LeaderIsMute,
    /// It hears nothing; what it sends comes through.
    LeaderIsDeaf,
    /// A node is cut off from all.
    NodeIsCutOff(usize),
    /// What a node sends goes nowhere.
    NodeIsMute(usize),
    /// A node hears nothing.
    NodeIsDeaf(usize),
    /// A node and the NATS server that led before the accident before are cut off together: for a while
    /// it may think that it still leads.
    PairIsCutOff(usize),
    /// No node reaches the NATS server that leads, but the other servers do.
    LeaderIsHidden,
    /// The NATS server that leads is cut off from the others, but no node is from it.
    LeaderIsAlone,
}

impl Accident {
    /// Whether a node is not heard, or hears nothing.
    fn has_node_gone(self) -> bool {
        matches!(
            self,
            Self::NodeIsCutOff(_)
                | Self::NodeIsMute(_)
                | Self::NodeIsDeaf(_)
                | Self::PairIsCutOff(_)
        )
    }
}

/// Has it happen, and gives the server that led the stream.
fn happen(
    accident: Accident,
    led: usize,
    servers: &mut Servers,
    world: &mut World,
    crowd: &Crowd,
) -> usize {
    let leader = servers.leader(STREAM);
    match accident {
        Accident::AllServersDie => {
            servers.kill_all();
            servers.begin_all();
        }
        Accident::LeaderIsCutOff => world.part(&[leader], &others(&[leader])),
        Accident::LeaderIsMute => world.cut(&[leader], &others(&[leader])),
        Accident::LeaderIsDeaf => world.cut(&others(&[leader]), &[leader]),
        Accident::NodeIsCutOff(n) => world.part(&[NODES[n]], &SERVERS),
        Accident::NodeIsMute(n) => world.cut(&[NODES[n]], &SERVERS),
        Accident::NodeIsDeaf(n) => world.cut(&SERVERS, &[NODES[n]]),
        Accident::PairIsCutOff(n) => {
            let pair = [NODES[n], led];
            world.part(&pair, &others(&pair));
        }
        Accident::LeaderIsHidden => world.part(&[leader], &NODES),
        Accident::LeaderIsAlone => {
            let rest: Vec<usize> = SERVERS.into_iter().filter(|n| *n != leader).collect();
            world.part(&[leader], &rest);
        }
    }
    let cut = Instant::now();
    crowd.go_on(1500);
    while accident.has_node_gone() && cut.elapsed() < GONE {
        crowd.go_on(100);
    }
    world.mend();
    leader
}

/// Has people talk through these accidents.
fn play(world: World, accidents: impl IntoIterator<Item = Accident>) {
    let Site { mut servers, mut nodes, mut world } = Site::new(world);
    talk_through(&mut nodes, |nodes, crowd| {
        let mut led = servers.leader(STREAM);
        for accident in accidents {
            println!("{accident:?}");
            led = happen(accident, led, &mut servers, &mut world, crowd);
            for node in nodes.iter() {
                wait_until_ready(node);
            }
            crowd.go_on(1500);
        }
    });
}

#[test]
fn what_everyone_saw_is_every_nodes_history_whichever_cable_is_cut() {
    let name = "what_everyone_saw_is_every_nodes_history_whichever_cable_is_cut";
    within(name, MACHINES, |world| {
        let Ok(seconds) = std::env::var("CHINWAG_CLUSTER_SECONDS") else {
            let accidents =
                [Accident::LeaderIsMute, Accident::AllServersDie, Accident::PairIsCutOff(1)];
            return play(world, accidents);
        };
        let seconds = seconds.parse().expect("CHINWAG_CLUSTER_SECONDS is a number");
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut dice = Dice::new();
        let accidents = std::iter::from_fn(move || {
            let n = dice.below(NODES.len());
            let accidents = [
                Accident::AllServersDie,
                Accident::LeaderIsCutOff,
                Accident::LeaderIsMute,
                Accident::LeaderIsDeaf,
                Accident::NodeIsCutOff(n),
                Accident::NodeIsMute(n),
                Accident::NodeIsDeaf(n),
                Accident::PairIsCutOff(n),
                Accident::LeaderIsHidden,
                Accident::LeaderIsAlone,
            ];
            let accident = accidents[dice.below(accidents.len())];
            (Instant::now() < until).then_some(accident)
        });
        play(world, accidents);
    });
}
