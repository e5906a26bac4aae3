use super::*;

const NODE: NodeId = NodeId(7);

fn request(number: u64) -> Request {
    let session = SessionId { node: NODE, number };
    let request = if number == 0 { OWN_REQUEST } else { 1 };
    Request { origin: Origin { session, request }, intent: Intent::Beat }
}

/// A pipeline of this depth in which so many requests of sessions wait.
fn pipeline(depth: usize, waiting: u64) -> Pipeline {
    let mut pipeline = Pipeline::new(NODE, 1, depth);
    (1..=waiting).for_each(|number| pipeline.push(request(number)));
    pipeline
}

fn leave(pipeline: &mut Pipeline) -> Option<(u64, usize)> {
    pipeline.leave(Some(Timestamp(5))).map(|packet| (packet.first, packet.requests.len()))
}

#[test]
fn one_packet_at_a_time_takes_all_that_came_meanwhile() {
    let mut one = pipeline(1, 3);
    let packet = one.leave(None).unwrap();
    assert_eq!((packet.first, packet.requests.len()), (0, 3));
    (4..=9).for_each(|number| one.push(request(number)));
    assert_eq!(leave(&mut one), None);
    one.landed(&packet);
    assert_eq!(leave(&mut one), Some((3, 6)));
}

#[test]
fn with_several_on_their_way_the_next_one_leaves_once_it_is_worth_it() {
    let mut many = pipeline(16, 1);
    assert_eq!(leave(&mut many), Some((0, 1)));
    many.push(request(2));
    assert_eq!(leave(&mut many), Some((1, 1)));
    many.push(request(3));
    assert_eq!(leave(&mut many), None, "two are on their way");
    (4..=40).for_each(|number| many.push(request(number)));
    assert_eq!(leave(&mut many), Some((2, 38)));
    assert_eq!(leave(&mut many), None);
}

#[test]
fn no_more_are_on_their_way_than_the_log_takes() {
    let mut many = Pipeline::new(NODE, 1, 4);
    for _ in 0..5 {
        (0..40).for_each(|number| many.push(request(number + 1)));
        leave(&mut many);
    }
    assert_eq!(many.flights.len(), 4);
    assert_eq!(many.queue.len(), 40);
}

#[test]
fn a_packet_is_bounded_in_bytes_where_several_may_be_on_their_way() {
    let large = Intent::SetMetadata {
        of: chinwag_model::intent::Owner::Person(chinwag_model::name::Name::parse("a").unwrap()),
        key: Some("k".repeat(20_000).into()),
        value: None,
        keys_max: 1,
    };
    for (depth, counts) in [(1, &[3][..]), (16, &[1, 1])] {
        let mut pipeline = Pipeline::new(NODE, 1, depth);
        for number in 1..=3 {
            pipeline.push(Request { intent: large.clone(), ..request(number) });
        }
        let left: Vec<_> = std::iter::from_fn(|| leave(&mut pipeline)).map(|left| left.1).collect();
        assert_eq!(left, counts, "at depth {depth}");
    }
}

#[test]
fn only_what_people_want_expires() {
    let mut pipeline = pipeline(16, 0);
    pipeline.push(request(0));
    assert_eq!(pipeline.leave(Some(Timestamp(5))).unwrap().expires, None);
    pipeline.push(request(1));
    assert_eq!(pipeline.leave(Some(Timestamp(5))).unwrap().expires, Some(Timestamp(5)));
}

#[test]
fn a_refused_packet_that_is_alone_is_as_if_it_had_never_been() {
    let mut one = pipeline(1, 2);
    one.push(request(0));
    let packet = one.leave(None).unwrap();
    one.push(request(3));
    let told: Vec<_> = one.refused(packet).iter().map(|origin| origin.session.number).collect();
    assert_eq!(told, [1, 2]);
    let next = one.leave(None).unwrap();
    let who: Vec<_> = next.requests.iter().map(|r| r.origin.session.number).collect();
    assert_eq!((next.first, who), (0, vec![0, 3]), "what must be done goes first");
}

#[test]
fn after_a_refusal_all_go_again_in_order_under_the_same_numbers() {
    let mut many = pipeline(16, 1);
    let mut left = Vec::new();
    for _ in 0..4 {
        left.push(many.leave(None).unwrap());
        (0..40).for_each(|number| many.push(request(number + 1)));
    }
    // The first lands, the second is refused; of those behind it one is stored out of its turn, one
    // refused as well.
    many.landed(&left[0]);
    many.passed_over(&left[2]);
    assert_eq!(many.refused(left[1].clone()).len(), 40);
    assert_eq!(many.leave(None), None, "the others have not come back");
    many.passed_over(&left[2]);
    many.passed_over(&left[2]);
    assert_eq!(many.refused(left[3].clone()).len(), 40);
    let again: Vec<_> = std::iter::from_fn(|| many.leave(None)).take(3).collect();
    for (packet, before) in again.iter().zip(&left[1..]) {
        assert_eq!(packet.first, before.first);
        assert_eq!(packet.requests.len(), before.requests.len());
    }
    let nothing = |packet: &Packet| packet.requests.iter().all(|r| r.intent == Intent::Nothing);
    let empty: Vec<_> = again.iter().map(nothing).collect();
    assert_eq!(empty, [true, false, true], "who was told is left out");
    assert_eq!(again[1], left[2]);
}

#[test]
fn a_repeat_of_what_has_landed_changes_nothing() {
    let mut many = pipeline(16, 1);
    let packet = many.leave(None).unwrap();
    many.landed(&packet);
    many.landed(&packet);
    many.passed_over(&packet);
    assert!(many.is_idle());
}

#[test]
fn a_new_epoch_begins_alone_and_keeps_what_was_written_to_people() {
    let mut many = pipeline(16, 3);
    many.leave(None).unwrap();
    many.push(request(4));
    many.push(Request { intent: Intent::Delivered(vec![]), ..request(0) });
    let name = chinwag_model::node::NodeName::parse("a").unwrap();
    let incarnation = chinwag_model::node::Incarnation::new(&name, 1);
    let begin = Request { intent: Intent::BeginAs(Box::new(incarnation)), ..request(0) };
    many.forget_sessions();
    assert_eq!(many.begin(2, begin.clone()), 2);
    let first = many.leave(Some(Timestamp(5))).unwrap();
    assert_eq!((first.epoch, first.first, first.requests), (2, 0, vec![begin]));
    let second = many.leave(Some(Timestamp(5))).unwrap();
    assert_eq!((second.first, second.requests.len(), second.expires), (1, 1, None));
}
