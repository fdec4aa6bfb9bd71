import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

/// Every limit of the rendezvous, one at a time. Requests within the limit succeed, requests beyond it fail as
/// `Protocol/limits.md` says, and refusals because of load give a time to wait.
@Suite("The limits of the relay") struct LimitTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        /// The reasons of all refusals and ends when the limit is exceeded.
        var told: Set<Reason> = []
        /// The reasons on the page; nil if they equal `told`.
        var error: Set<Reason>?
        /// The limits, with the one under test lowered so that the test reaches it.
        let limits: Limits
        var within: @Sendable (inout Scene) -> Void = { _ in }
        let beyond: @Sendable (inout Scene) -> Void

        var testDescription: String { name }

        init(
            _ name: String,
            told: Set<Reason> = [],
            error: Set<Reason>? = nil,
            _ change: (inout Limits) -> Void,
            within: @escaping @Sendable (inout Scene) -> Void = { _ in },
            beyond: @escaping @Sendable (inout Scene) -> Void
        ) {
            self.name = name
            self.told = told
            self.error = error
            var limits = Limits()
            change(&limits)
            self.limits = limits
            self.within = within
            self.beyond = beyond
        }
    }

    @Test(
        "Each limit allows what is within it, and has its error beyond",
        arguments: times + connection + room + relay + prefix
    ) func each(row: Row) throws {
        var scene = Scene(row.limits)
        row.within(&scene)
        #expect(scene.reasons == [], "within the limit")
        let counted = CountedLimit.allCases.first { $0.name == row.name }
        let asksForWork = ["offersPerPrefix", "visitsPerPrefix", "missesPerPrefix"].contains(row.name)
        if let counted, !asksForWork { #expect(scene.turn.counts.limits[counted] == 0, "within the limit") }
        row.beyond(&scene)
        #expect(scene.reasons == row.told)
        #expect(scene.relay.brokenBound == nil)
        if let counted { #expect(scene.turn.counts.limits[counted] > 0, "a hit is counted") }
        for case .refused(let reason, let retryAfter) in scene.heard.values.joined() {
            let isFullness = [.lineFull, .relayFull, .tooMany, .draining, .relayForgot].contains(reason)
            #expect((retryAfter > .zero) == isFullness, "\(reason)")
        }
        #expect(try Self.error(of: row.name) == row.error ?? row.told, "what the page says")
    }

    @Test("Each limit of the page has a test") func complete() {
        let names = Mirror(reflecting: Limits()).children.compactMap(\.label)
        #expect(
            (Self.times + Self.connection + Self.room + Self.relay + Self.prefix).map(\.name).sorted() == names.sorted()
        )
    }

    /// The reasons in the last column of the page's row.
    static func error(of name: String) throws -> Set<Reason> {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", "limits.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        // Restricted to these sections, because the sections on frames and devices have limits of the same names.
        let start = try #require(text.range(of: "\n## Times")).lowerBound
        let end = try #require(text.range(of: "\n## Devices")).lowerBound
        let row = try #require(
            text[start..<end].split(separator: "\n").first { $0.hasPrefix("| `\(name)` ") },
            "no row"
        )
        let cells = row.split(separator: "|")
        return Set(try #require(cells.last).matches(of: /`([a-z-]+)`/).compactMap { Reason(rawValue: String($0.1)) })
    }
}

extension Scene {
    /// All reasons that any connection was told.
    var reasons: Set<Reason> {
        Set(
            heard.values.joined().compactMap { frame in
                switch frame {
                case .refused(let reason, _), .over(_, let reason): reason
                default: nil
                }
            }
        )
    }

    /// Opens a room with offerer "B" and its visitor "A".
    mutating func meet() {
        come("B", .offer(slotLength: 0, work: nil))
        visit("A", 1)
    }

    /// Connects. A refusal is recorded as the frame that the connection would get.
    mutating func connectAndNote(_ name: String, _ address: Int) {
        guard let refusal = connect(name, from: Self.address(address)) else { return }
        heard[name, default: []].append(.refused(refusal.reason, retryAfter: refusal.retryAfter))
    }

    /// The presences of visitors that the offerer was told.
    var presences: [Bool] {
        (heard["B"] ?? []).compactMap { if case .presence(_, let isPresent) = $0 { isPresent } else { nil } }
    }

    /// A visitor attaches that has nothing yet.
    mutating func comeBack(_ name: String) {
        come(name, .attachVisitor(token: tokens[name]!, acked: 0, received: 0))
    }
}

extension RelayFrame {
    var isWorkWanted: Bool { if case .workWanted = self { true } else { false } }
    var isMet: Bool { if case .met = self { true } else { false } }
}
