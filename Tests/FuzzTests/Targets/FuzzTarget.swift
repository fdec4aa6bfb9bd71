/// A parser or a state machine that is fed with arbitrary bytes. It must return a result or a typed error: a trap, a
/// hang or growth is a finding, and so is a ``BrokenRule``.
///
/// To add a target, write a function that takes bytes and throws where a rule is broken, and add it to ``all``; a
/// folder of its name in `Corpus` may hold inputs to start from.
struct FuzzTarget: Sendable {
    typealias Body = @Sendable ([UInt8]) throws(BrokenRule) -> Void

    let name: String
    /// The longest input that is tried: a little more than the parser's own limit, where it has one.
    let maximumBytes: Int
    let body: Body

    init(_ name: String, maximumBytes: Int, _ body: @escaping Body) {
        self.name = name
        self.maximumBytes = maximumBytes
        self.body = body
    }

    static let all: [FuzzTarget] = [
        FuzzTarget("device-frame", maximumBytes: 4200, deviceFrame),
        FuzzTarget("plain-frame", maximumBytes: 4200, plainFrame),
        FuzzTarget("relay-frame", maximumBytes: 4200, relayFrame),
        FuzzTarget("call", maximumBytes: 2048, call),
        FuzzTarget("code", maximumBytes: 64, code),
        FuzzTarget("link", maximumBytes: 450, link),
        FuzzTarget("relay-address", maximumBytes: 300, relayAddress),
        FuzzTarget("proxy-address", maximumBytes: 300, proxyAddress),
        FuzzTarget("no-proxy", maximumBytes: 300, noProxy),
        FuzzTarget("retry-after", maximumBytes: 80, retryAfter),
        FuzzTarget("tunnel-answer", maximumBytes: 600, tunnelAnswer),
        FuzzTarget("device-name", maximumBytes: 200, deviceName),
        FuzzTarget("seed-text", maximumBytes: 4200, seedText),
        FuzzTarget("seed-file", maximumBytes: 200, seedFile),
        FuzzTarget("key-file", maximumBytes: 512, keyFile),
        FuzzTarget("token", maximumBytes: 140, token),
        FuzzTarget("work", maximumBytes: 80, work),
        FuzzTarget("sealed", maximumBytes: 513, sealed),
        FuzzTarget("handshake", maximumBytes: 1400, handshake),
        FuzzTarget("rendezvous", maximumBytes: 2048, rendezvous),
        FuzzTarget("offer-session", maximumBytes: 1024, offerSession),
        FuzzTarget("visit-session", maximumBytes: 1024, visitSession),
        FuzzTarget("proxy-header", maximumBytes: 300, proxyHeader),
        FuzzTarget("forwarded", maximumBytes: 600, forwarded),
        FuzzTarget("address-block", maximumBytes: 64, addressBlock),
        FuzzTarget("upgrade-request", maximumBytes: 1100, upgradeRequest),
        FuzzTarget("websocket-frame", maximumBytes: 8192, webSocketFrame),
        FuzzTarget("relay-socket", maximumBytes: 8192, relaySocket),
        FuzzTarget("version-0-listing", maximumBytes: 4096, version0Listing),
        FuzzTarget("version-0-content", maximumBytes: 1024, version0Content),
        FuzzTarget("picture", maximumBytes: 4096, picture),
        FuzzTarget("credentials-request", maximumBytes: 8_300, credentialsRequest),
        FuzzTarget("credentials-answer", maximumBytes: 4_096, credentialsAnswer),
        FuzzTarget("object-name", maximumBytes: 1000, objectName),
        FuzzTarget("chain-record", maximumBytes: 2048, chainRecord),
        FuzzTarget("certificate", maximumBytes: 4200, certificate),
        FuzzTarget("membership", maximumBytes: 2048, membership),
        FuzzTarget("collection-request", maximumBytes: 1024, collectionRequest),
        FuzzTarget("decline", maximumBytes: 512, decline),
        FuzzTarget("grant", maximumBytes: 2048, grant),
        FuzzTarget("store-list", maximumBytes: 2048, storeList),
        FuzzTarget("store-error", maximumBytes: 1024, storeError),
        FuzzTarget("store-xml", maximumBytes: 1024, storeXML),
        FuzzTarget("store-address", maximumBytes: 300, storeAddress),
        FuzzTarget("resp", maximumBytes: 1500, resp),
        FuzzTarget("fleet-message", maximumBytes: 5000, fleetMessage),
    ]

    static func named(_ name: String) -> FuzzTarget? {
        all.first { $0.name == name }
    }
}

/// A violation of a rule by a parser or a state machine.
struct BrokenRule: Error, CustomStringConvertible {
    let description: String
}

/// Throws ``BrokenRule`` with this text if the condition is false.
func hold(_ condition: Bool, _ rule: @autoclosure () -> String) throws(BrokenRule) {
    guard condition else { throw BrokenRule(description: rule()) }
}
