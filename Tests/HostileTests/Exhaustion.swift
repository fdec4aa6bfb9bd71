import EasySetupRelayProtocol
import Foundation

@testable import EasySetup

/// An attack that takes the places of a relay with small limits and holds them while honest devices pair. Each limit keeps its proportion
/// to the others, so that the short run shows what the long one shows.
struct Exhaustion: Sendable {
    /// The places that an attack holds, and the outcome of its attempts.
    struct Held {
        var outcome = Attack.Outcome()
        /// Connections that stay open while honest devices pair.
        var strangers: [Stranger] = []
        /// Whether an honest offerer that lost its connection came back with its token; nil where none did.
        var hasComeBack: Bool?
        /// A sentence for the table.
        var note = ""
    }

    let name: String
    /// Options of the relay beside its limits.
    var options: [String] = []
    /// The relay's limits in the short run.
    let short: [String: Int]
    /// The relay's limits in the long run.
    let long: [String: Int]
    /// Whether the relay knows addresses from PROXY headers.
    var usesProxyProtocol = false
    /// Whether every attempt has to be refused.
    var isAllRefused = false
    let body: @Sendable (_ port: Int, _ limits: [String: Int]) -> Held

    static let all: [Exhaustion] = [
        Exhaustion(
            name: "sockets of one /24",
            short: ["connections": 1_000, "openingPerPrefix": 64],
            long: ["connections": 10_000],
            body: { port, limits in
                idleSockets(limits["connections"]!) { Stranger(port: port, source: "127.9.9.\(1 + $0 % 200)") }
            }
        ),
        Exhaustion(
            name: "sockets of one /48",
            options: ["--trusted-proxy", "127.0.0.0/8", "--proxy-protocol"],
            short: ["connections": 1_000, "openingPerPrefix": 64],
            long: ["connections": 10_000],
            usesProxyProtocol: true,
            body: { port, limits in
                idleSockets(limits["connections"]!) { number in
                    let stranger = Stranger(port: port, source: "127.9.8.1")
                    stranger?.send(Preface.bytes(subnet: UInt8(number % 200)))
                    return stranger
                }
            }
        ),
        Exhaustion(
            name: "roomless, 40 addresses",
            short: ["roomless": 600, "roomlessPerPrefix": 15],
            long: ["roomless": 3_000, "roomlessPerPrefix": 77],
            body: connectionsAtWork
        ),
        Exhaustion(name: "rooms of one address", short: ["rooms": 60], long: ["rooms": 300], body: rooms),
        Exhaustion(
            name: "frames without end",
            short: ["visitsPerPrefix": 100_000, "offersPerPrefix": 100_000],
            long: ["visitsPerPrefix": 100_000, "offersPerPrefix": 100_000],
            isAllRefused: true,
            body: frames
        ),
        Exhaustion(
            name: "looking for codes",
            // A quarter of the long run's free visits, and so a quarter of its hashes.
            short: ["misses": 22, "missesPerPrefix": 5],
            long: ["misses": 150],
            body: slots
        ),
    ]
}

/// Sockets that make one call for a connection that nobody has, and stay.
private func idleSockets(_ count: Int, _ connect: (Int) -> Stranger?) -> Exhaustion.Held {
    let connection = LongPollConnectionID([UInt8](repeating: 7, count: LongPollConnectionID.byteCount))!
    let body = SendCall(connection: connection, first: 1, frames: []).serialized()
    let head = "POST /easysetup/v1/send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/protobuf\r\n"
    let call = Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    var held = Exhaustion.Held()
    for number in 0..<count {
        guard let stranger = connect(number) else {
            held.outcome = held.outcome + Attack.Outcome(isRefused: true)
            continue
        }
        stranger.send(call)
        let isTaken = stranger.head().hasPrefix("HTTP/1.1 404")
        held.outcome = held.outcome + Attack.Outcome(isRefused: !isTaken)
        if isTaken { held.strangers.append(stranger) }
    }
    held.strangers.removeAll(where: \.isEnded)
    held.note = "\(held.strangers.count) sockets stay"
    return held
}

/// Connections of 40 addresses in five blocks that were asked for work and never bring it.
@Sendable private func connectionsAtWork(port: Int, limits: [String: Int]) -> Exhaustion.Held {
    let visit = Stranger.webSocketFrame(0x82, DeviceFrame.visit(slot: Slot("ZZZZZZ")!, work: nil).serialized())
    var held = Exhaustion.Held()
    guard let token = Stranger(port: port, source: "127.200.0.1")?.token() else { return held }
    // The first visits are free, so the first attempts of each address are refused with `no-such-code`.
    for number in 0..<limits["roomless"]! + 40 * 61 {
        let source = "127.\(60 + number % 5).0.\(1 + number / 5 % 8)"
        guard let stranger = Stranger(port: port, source: source) else { continue }
        stranger.send(Array(Stranger.upgrade().utf8) + visit)
        guard !stranger.head().isEmpty, case .workWanted? = stranger.frame() else {
            held.outcome = held.outcome + Attack.Outcome(isRefused: true)
            continue
        }
        held.outcome = held.outcome + Attack.Outcome(isRefused: false)
        held.strangers.append(stranger)
    }
    held.hasComeBack = Stranger.attaches(token, at: port, source: "127.200.0.1", meetings: 0)
    held.note = "\(held.strangers.count) connections at work stay"
    return held
}

/// Rooms of one address that does the work it is asked for, and closes each connection as soon as it has its room.
@Sendable private func rooms(port: Int, limits: [String: Int]) -> Exhaustion.Held {
    var held = Exhaustion.Held()
    var (made, bits) = (0, 0)
    for _ in 0..<limits["rooms"]! {
        guard let stranger = Stranger(port: port, source: "127.77.0.1") else { continue }
        stranger.send(Stranger.upgrade())
        stranger.send(.offer(slotLength: 6, work: nil))
        guard !stranger.head().isEmpty else { continue }
        var answer = stranger.frame()
        if case .workWanted(let challenge, let difficulty, _)? = answer {
            bits = max(bits, difficulty)
            guard let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) else { continue }
            stranger.send(.offer(slotLength: 6, work: work))
            answer = stranger.frame()
        }
        if case .offered? = answer { made += 1 }
        var isRefused = true
        if case .offered? = answer { isRefused = false }
        held.outcome = held.outcome + Attack.Outcome(isRefused: isRefused)
    }
    held.note = "\(made) rooms, work up to \(bits) bits"
    return held
}

/// Connections that say frames which change nothing, for as long as they are heard.
@Sendable private func frames(port: Int, limits: [String: Int]) -> Exhaustion.Held {
    var held = Exhaustion.Held()
    guard let offerer = Stranger(port: port, source: "127.80.0.1") else { return held }
    offerer.send(Stranger.upgrade())
    offerer.send(.offer(slotLength: 0, work: nil))
    guard !offerer.head().isEmpty, case .offered(let slot, _, _)? = offerer.frame() else { return held }
    // An acknowledgement of nothing, with a field of some later version.
    let chunk = (0..<2_000).flatMap { _ in Stranger.webSocketFrame(0x82, [0x32, 0x00, 0xA0, 0x01, 0x01]) }
    for _ in 0..<16 {
        guard let visitor = Stranger(port: port, source: "127.80.0.1") else { continue }
        visitor.send(Stranger.upgrade())
        visitor.send(.visit(slot: slot, work: nil))
        guard !visitor.head().isEmpty, visitor.frame() != nil else { continue }
        visitor.send(chunk)
        held.outcome = held.outcome + Attack.Outcome(isRefused: visitor.isTurnedAway())
    }
    held.strangers = [offerer]
    held.note = "each connection ended within 2,000 frames"
    return held
}

/// Visits to slots that nobody has, of an address that does the work it is asked for.
@Sendable private func slots(port: Int, limits: [String: Int]) -> Exhaustion.Held {
    var held = Exhaustion.Held()
    var (first, last) = (0, 0)
    let symbols = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    for number in 0..<limits["misses"]! {
        guard let slot = Slot(String([number / 32 % 32, number % 32, 31].map { symbols[$0] })) else { continue }
        guard let stranger = Stranger(port: port, source: "127.81.0.1") else { continue }
        stranger.send(Stranger.upgrade())
        stranger.send(.visit(slot: slot, work: nil))
        guard !stranger.head().isEmpty else { continue }
        var answer = stranger.frame()
        if case .workWanted(let challenge, let difficulty, _)? = answer {
            if first == 0 { first = difficulty }
            last = difficulty
            guard let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) else { continue }
            stranger.send(.visit(slot: slot, work: work))
            answer = stranger.frame()
        }
        var isRefused = false
        if case .refused? = answer { isRefused = true }
        held.outcome = held.outcome + Attack.Outcome(isRefused: isRefused)
    }
    held.note = "work grew from \(first) to \(last) bits"
    return held
}
