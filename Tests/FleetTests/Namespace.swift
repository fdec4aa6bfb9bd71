import Foundation
import TestSupport
import Testing

/// A network namespace for one relay, with two cables: one to devices and one to Redis, which can be cut. Only root can make
/// one.
struct Namespace: Sendable {
    static let isPossible: Bool = {
        guard geteuid() == 0, RedisServer.installed("ip") != nil else { return false }
        let name = "easysetup-\(getpid())"
        let isMade = (try? run(["netns", "add", name])) == true
        _ = try? run(["netns", "del", name])
        return isMade
    }()
    static let hint: Comment = "only root makes network namespaces, with iproute2, and not in every container"

    let name: String
    /// The address of the relay for devices, and that of Redis for the relay.
    let relay: String
    let redis: String
    private let cable: String

    /// Runs the body while there is such a namespace.
    static func run<Result: Sendable>(_ body: @Sendable (Namespace) async throws -> Result) async throws -> Result {
        let number = Int.random(in: 1...250)
        let name = "easysetup-\(getpid())-\(number)"
        let (front, back) = ("es\(number)f", "es\(number)b")
        let namespace = Namespace(
            name: name,
            relay: "10.231.\(number).2",
            redis: "10.231.\(number).5",
            cable: back
        )
        defer {
            for words in [["link", "del", front], ["link", "del", back], ["netns", "del", name]] { _ = try? run(words) }
        }
        let steps = [
            "netns add \(name)", "-n \(name) link set lo up",
            "link add \(front) type veth peer name \(front)n netns \(name)",
            "link add \(back) type veth peer name \(back)n netns \(name)",
            "addr add 10.231.\(number).1/30 dev \(front)", "addr add \(namespace.redis)/30 dev \(back)",
            "-n \(name) addr add \(namespace.relay)/30 dev \(front)n",
            "-n \(name) addr add 10.231.\(number).6/30 dev \(back)n",
            "link set \(front) up", "link set \(back) up",
            "-n \(name) link set \(front)n up", "-n \(name) link set \(back)n up",
        ]
        for step in steps { try #require(try run(step.split(separator: " ").map(String.init)), "ip \(step)") }
        return try await body(namespace)
    }

    /// Cuts the relay's cable to Redis, of which neither end hears, or mends it.
    func cut(_ isCut: Bool) throws {
        try #require(try Self.run(["link", "set", cable, isCut ? "down" : "up"]))
    }

    /// Runs `ip` with these words, and returns whether it did what they say.
    private static func run(_ words: [String]) throws -> Bool {
        let child = Child()
        child.executableURL = URL(filePath: try #require(RedisServer.installed("ip")))
        child.arguments = words
        (child.standardInput, child.standardOutput, child.standardError) = (.null, .null, .null)
        try child.run()
        child.waitUntilExit()
        return child.terminationStatus == 0
    }
}
