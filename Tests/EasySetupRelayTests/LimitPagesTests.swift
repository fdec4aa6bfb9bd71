import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

@testable import EasySetupRelay

/// The tables of limits in `Protocol/` and the limits in the sources must have the same names and numbers.
@Suite("The pages of limits") struct LimitPagesTests {
    /// The rows of the tables in these sections of a page: each name with the text of the second cell.
    static func rows(_ page: String, _ sections: [String]) throws -> [String: String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Protocol", page)
        var rows: [String: String] = [:]
        var isMeant = false
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("#") { isMeant = sections.contains(String(line.drop { $0 == "#" || $0 == " " })) }
            guard isMeant, let match = line.prefixMatch(of: /\| `(\w+)`[^|]* \| ([^|]*) \|/) else { continue }
            #expect(rows.updateValue(String(match.2), forKey: String(match.1)) == nil, "\(match.1) is there twice")
        }
        #expect(!rows.isEmpty)
        return rows
    }

    /// Whether a text begins with the value in the form of the pages, such as `10 min`, `20,000`, `16 KiB per
    /// direction` or `14 to 20`. The rest of the text does not matter.
    static func begins(_ text: String, _ value: Any) -> Bool {
        let numbers = text.replacing(",", with: "").split(separator: " ")
        guard let first = numbers.first.flatMap({ Int($0) }) else { return false }
        let unit = numbers.dropFirst().first.map(String.init) ?? ""
        switch value {
        case let time as Duration:
            return time
                == (unit == "min" ? .seconds(60 * first) : unit == "ms" ? .milliseconds(first) : .seconds(first))
                && ["min", "s", "ms"].contains(unit)
        case let range as ClosedRange<Int>:
            return first == range.lowerBound && unit == "to" && numbers.dropFirst(2).first == "\(range.upperBound)"
        case let number as any BinaryInteger:
            return Int(number) == first * (["KiB": 1024, "MiB": 1024 * 1024][unit] ?? 1)
        default:
            return false
        }
    }

    static func compare(_ page: [String: String], _ code: [(label: String?, value: Any)]) {
        #expect(page.keys.sorted() == code.compactMap(\.label).sorted())
        for (label, value) in code {
            guard let label, let text = page[label] else { continue }
            #expect(begins(text, value), "\(label) is \(value), and on the page \(text)")
        }
    }

    @Test("The limits in common are those of the page, in its order") func common() throws {
        let page = try String(
            contentsOf: StatusPageTests.root.appending(path: "Protocol/fleet.md"),
            encoding: .utf8
        )
        let section = try #require(page.split(separator: "\n## ").first { $0.hasPrefix("Limits in common\n") })
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let named = rows.flatMap { row in
            row.dropFirst(2).prefix { $0 != "|" }.matches(of: /`(\w+)`/).map { String($0.1) }
        }
        #expect(named == CommonLimits.names)
    }

    @Test(
        "Each limit can be set by its name, or has an option of its own, or is neither a number of things nor of seconds"
    ) func limitSetName() {
        let labels = [
            Mirror(reflecting: Limits()), Mirror(reflecting: ConnectionLimits()), Mirror(reflecting: SharingLimits()),
        ].map { $0.children.compactMap(\.label) }
        // A claim must not be older than the directory's times allow.
        let others = ["codeLifetime", "drainTime", "difficulty", "backlog", "alarmGrain", "comeAgain", "claimAge"]
        // `Limits` and `ConnectionLimits` both have a `retryAfter`. The one that can be set is in `Limits`.
        #expect(Set(NamedLimit.all.map(\.name) + others) == Set(labels.joined()))
        #expect(Set(NamedLimit.all.map(\.name)).count == NamedLimit.all.count)
    }

    @Test("A limit can be set, and nonsense is refused") func setLimits() {
        for limit in NamedLimit.all {
            var configuration = RelayConfiguration()
            let before = configuration
            #expect(limit.set(max(7, limit.range.lowerBound + 1), in: &configuration))
            #expect(
                configuration.limits != before.limits || configuration.connectionLimits != before.connectionLimits
                    || configuration.sharing != before.sharing
            )
            for nonsense in [0, -1, limit.range.lowerBound - 1, 1_000_000_001] {
                #expect(!limit.set(nonsense, in: &configuration), "\(limit.name)")
            }
        }
        var configuration = RelayConfiguration()
        #expect(NamedLimit(named: "meetings")?.set(17, in: &configuration) == false)
        #expect(NamedLimit(named: "unheard-of") == nil)
    }

    @Test("The limits of the rendezvous are those of the page") func limitsRendezvousPage() throws {
        let sections = ["Times", "One connection", "One room", "The whole relay", "One address prefix"]
        Self.compare(try Self.rows("limits.md", sections), Mirror(reflecting: Limits()).children.map { $0 })
    }

    @Test("The limits of a connection are those of the page") func limitsConnectionPage() throws {
        let rows = try Self.rows("limits.md", ["The relay's transport"])
        Self.compare(rows, Mirror(reflecting: ConnectionLimits()).children.map { $0 })
    }

    @Test("The limits of a relay among others are those of the page") func limitsSharingPage() throws {
        let rows = try Self.rows("limits.md", ["A relay among others"])
        Self.compare(rows, Mirror(reflecting: SharingLimits()).children.map { $0 })
    }

    @Test("The limits of what relays share are those of the page") func limitsStorePage() throws {
        let limits = RedisLimits()
        Self.compare(
            try Self.rows("limits.md", ["What relays share"]),
            [
                ("unsentBytes", limits.unsentBytes), ("unanswered", limits.unanswered),
                ("keptBytes", FleetStores.keptBytes),
                ("answerBytes", limits.resp.answerBytes), ("runs", EnvelopeLimits.runs),
            ]
        )
    }

    @Test("The limits of the admin port are those of the page") func limitsAdminPage() throws {
        let rows = try Self.rows("limits.md", ["The admin port"])
        Self.compare(rows, Mirror(reflecting: AdminLimits()).children.map { $0 })
    }

    @Test("The limits of the wire format are those of the page") func limitsWireFormat() throws {
        let values: [(label: String?, value: Any)] = [
            ("frameBytes", WireLimits.frameBytes),
            ("callBytes", WireLimits.callBytes),
            ("bodyBytes", WireLimits.bodyBytes),
            ("tokenBytes", WireLimits.tokenBytes), ("challengeBytes", WireLimits.challengeBytes),
            ("answerBytes", WireLimits.answerBytes), ("difficulty", WireLimits.difficulty),
            ("heldMeetings", WireLimits.heldMeetings), ("relayMessageBytes", WireLimits.relayMessageBytes),
            ("relayMessageScalars", WireLimits.relayMessageScalars),
        ]
        let page = try Self.rows("limits.md", ["Frames"])
        Self.compare(page, values)
        // The test reads the source, because reflection can't see the members of an enumeration without cases.
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "Sources", "EasySetupRelayProtocol", "WireLimits.swift")
        let names = try String(contentsOf: file, encoding: .utf8).matches(of: /static let (\w+)/).map { String($0.1) }
        #expect(names.sorted() == page.keys.sorted())
    }

    @Test("A wrong number on the page is found") func wrongNumberPage() {
        #expect(Self.begins("10 min", Duration.seconds(600)))
        #expect(!Self.begins("10 min", Duration.seconds(10)))
        #expect(!Self.begins("10", Duration.seconds(10)))
        #expect(Self.begins("20,000", 20_000))
        #expect(!Self.begins("20,000", 20))
        #expect(Self.begins("16 KiB per direction", 16 * 1024))
        #expect(!Self.begins("16 KiB per direction", 16))
        #expect(Self.begins("14 to 20 bits", 14...20))
        #expect(!Self.begins("14 to 20 bits", 14...21))
        #expect(!Self.begins("many", 1))
    }
}
