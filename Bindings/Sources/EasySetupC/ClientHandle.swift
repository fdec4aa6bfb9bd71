import EasySetup
import Synchronization

/// A client as C code names it: settings that can change until the first pairing needs them.
final class ClientHandle: Sendable {
    /// The settings from which a `PairingClient` is made.
    struct Settings: Sendable {
        let name: DeviceName
        let store: any SeedStore
        var platform = Platform.current
        var roots = TrustedRoots.system
        var proxies = ProxySettings.environment
        var limits = ClientLimits()
    }

    private struct Content {
        var settings: Settings
        var client: PairingClient?
    }

    private let content: Mutex<Content>

    init(_ settings: Settings) {
        content = Mutex(Content(settings: settings))
    }

    /// Changes a setting.
    /// - Throws: ``InterfaceError/clientInUse`` after the first call of ``client``.
    func set(_ body: (inout Settings) throws -> Void) throws {
        try content.withLock { content in
            guard content.client == nil else { throw InterfaceError.clientInUse }
            try body(&content.settings)
        }
    }

    /// The client with the settings. There is one for all pairings, because it counts the tries of a code.
    var client: PairingClient {
        content.withLock { content in
            if let client = content.client { return client }
            let settings = content.settings
            let client = PairingClient(
                name: settings.name,
                platform: settings.platform,
                store: settings.store,
                roots: settings.roots,
                proxies: settings.proxies,
                limits: settings.limits
            )
            content.client = client
            return client
        }
    }
}

extension ClientLimits {
    /// Sets a limit by its name in `Protocol/limits.md`, "Devices".
    /// - Parameter value: a number, or a time in milliseconds. Zero is refused, because a limit of nothing is no limit.
    /// - Throws: ``InterfaceError/badArgument(_:)``.
    mutating func set(_ name: String, to value: Int64) throws {
        if let time = Self.times[name] {
            guard 1...86_400_000 ~= value else { throw InterfaceError.badArgument("value") }
            self[keyPath: time] = .milliseconds(value)
        } else if let count = Self.counts[name] {
            guard 1...1_048_576 ~= value else { throw InterfaceError.badArgument("value") }
            self[keyPath: count] = Int(value)
        } else {
            throw InterfaceError.badArgument("name")
        }
    }

    private typealias Key<Value> = any WritableKeyPath<ClientLimits, Value> & Sendable

    private static let times: [String: Key<Duration>] = [
        "codeLifetime": \.codeLifetime, "seatedLifetime": \.seatedLifetime, "connectTimeout": \.connectTimeout,
        "otherFamilyTimeout": \.otherFamilyTimeout, "upgradeTimeout": \.upgradeTimeout, "bodyTimeout": \.bodyTimeout,
        "goodbye": \.goodbye, "pollWait": \.pollWait, "callTimeout": \.callTimeout, "callPause": \.callPause,
        "silence": \.silence, "answerTimeout": \.answerTimeout, "reachTimeout": \.reachTimeout,
        "offererReturn": \.offererReturn, "workTimeout": \.workTimeout, "receiptTimeout": \.receiptTimeout,
        "linger": \.linger, "farewell": \.farewell, "firstBackoff": \.firstBackoff,
        "maximumBackoff": \.maximumBackoff,
    ]

    private static let counts: [String: Key<Int>] = [
        "codesPerOffer": \.codesPerOffer, "crowd": \.crowd, "triesPerCode": \.triesPerCode,
        "proxyAnswer": \.proxyAnswer, "callTries": \.callTries, "answerTries": \.answerTries,
        "wordTries": \.wordTries, "maximumWork": \.maximumWork, "relayMessages": \.relayMessages,
    ]
}
