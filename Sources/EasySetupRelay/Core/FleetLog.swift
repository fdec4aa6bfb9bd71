import EasySetupFleetStore
import Logging

/// The lines of the log about a relay's connections to the servers of its fleet: each change once, with the server that it is
/// about.
struct FleetLog: Sendable {
    /// The servers' addresses, without passwords, in the order of the lines of several stores.
    private let servers: [String]
    /// Why each server can't be used, as the log has it since the server was joined.
    private var problems: [Set<StoreProblem>]
    /// Whether the log has said that the relay is cut off from all of several servers.
    private var isCutOff = false
    /// The refusals by Redis servers that are in the log since the relay joined; each is logged once.
    private var refusals: Set<StoreFailure> = []
    /// The messages that could not be read since the relay has joined.
    private var unreadable = 0

    /// So many messages that can't be read are worth a line. A few come while keys are changed.
    static let manyUnreadable = 11

    init(servers: [String]) {
        self.servers = servers
        problems = Array(repeating: [], count: servers.count)
    }

    mutating func happened(_ event: StoreEvent, _ logger: Logger) {
        switch event {
        case .line(let line, let news): happened(news, at: line, logger)
        case .joined:
            (isCutOff, refusals, unreadable) = (false, [], 0)
            if servers.count > 1 { logger.notice("joined the fleet") } else { happened(.joined, at: 0, logger) }
        // The relay ends, or has slept, which is logged.
        case .cutOff(.left): break
        case .cutOff(let problem):
            guard servers.count > 1 else { return happened(.cutOff(problem), at: 0, logger) }
            guard !isCutOff else { return }
            isCutOff = true
            logger.warning(
                "cut off from the fleet",
                metadata: [
                    "problem": "none of its servers can be used",
                    "advice": "The lines of each server say why. The relay tries again by itself.",
                ]
            )
        case .lostData: if servers.count == 1 { happened(.lostData, at: 0, logger) }
        case .connecting, .message: break
        }
    }

    private mutating func happened(_ news: StoreEvent.LineNews, at line: Int, _ logger: Logger) {
        guard servers.indices.contains(line) else { return }
        let (isOnly, server) = (servers.count == 1, servers[line])
        switch news {
        case .joined:
            problems[line] = []
            logger.notice(
                isOnly ? "joined the fleet" : "joined a server of the fleet",
                metadata: ["server": "\(server)"]
            )
        case .cutOff(.left): break
        case .cutOff(let problem):
            // The store tells each attempt that fails, every second or two. Only another reason is worth a line.
            guard problems[line].insert(problem).inserted else { return }
            logger.warning(
                isOnly ? "cut off from the fleet" : "cut off from a server of the fleet",
                metadata: [
                    "server": "\(server)", "problem": "\(problem.words)",
                    "advice": "\(problem.advice(isTLS: server.hasPrefix("rediss")))",
                ]
            )
        case .lostData:
            logger.warning(
                isOnly ? "the fleet's directory has lost its data" : "a server of the fleet has lost its data",
                metadata: ["server": "\(server)"]
            )
        }
    }

    /// A server has refused a question or a message.
    mutating func refused(_ failure: StoreFailure, _ logger: Logger) {
        guard failure.isOperators, refusals.insert(failure).inserted else { return }
        var metadata: Logger.Metadata = ["advice": "relay --check says more. \(Self.advice(failure))"]
        if servers.count == 1 { metadata["server"] = "\(servers[0])" }
        logger.warning(
            failure == .full
                ? "Redis is full: new rooms are not registered" : "Redis refuses what the relay asks and says there",
            metadata: metadata
        )
    }

    private static func advice(_ failure: StoreFailure) -> String {
        switch failure {
        case .full: "Raise its maxmemory, or see what else is kept there."
        case .notPermitted: StoreProblem.notPermitted.advice
        case .refused, .busy, .cutOff: "Its log may say why."
        }
    }

    /// A message of another relay could not be read.
    mutating func couldNotRead(_ logger: Logger) {
        unreadable += 1
        guard unreadable == Self.manyUnreadable else { return }
        logger.warning(
            "other relays are heard and cannot be read",
            metadata: [
                "advice":
                    "Give all relays the same key file, and change keys in the order of the operators' page. Another fleet needs a Redis of its own."
            ]
        )
    }
}
