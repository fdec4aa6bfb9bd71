/// A system that can be measured.
enum Subject: String, CaseIterable {
    case bare, plain, tls, http, https, mailbox, publish, cores, devices

    var title: String {
        switch self {
        case .bare: "bare forwarder"
        case .plain: "relay, ws"
        case .tls: "relay, wss"
        case .http: "relay, http"
        case .https: "relay, https"
        case .mailbox: "mailbox in memory"
        case .publish: "redis publish"
        case .cores: "relay, ws"
        case .devices: "devices"
        }
    }

    /// The transport to the relay; nil for other servers.
    var transport: Transport? {
        switch self {
        case .bare, .plain, .tls, .cores: .webSocket
        case .http, .https: .http
        case .mailbox, .publish, .devices: nil
        }
    }

    var isTLS: Bool { self == .tls || self == .https }

    /// The largest crowd that is tried, in devices. The mailbox server gets slower with each mailbox that is open.
    var largestCrowd: Int {
        switch self {
        case .plain, .tls, .http, .https: .max
        case .mailbox: 1_000
        case .bare, .publish, .cores, .devices: 0
        }
    }

    /// The number of sockets that one pairing has open on each side.
    var socketsOfPairing: Int {
        switch self {
        case .mailbox: 2
        case .publish: 4
        default: 2 * (transport?.socketsOfDevice ?? 0)
        }
    }
}
