import NIOCore

/// The beginning of a proxy's connection, before TLS: its PROXY header, and what comes behind it (`Protocol/operating.md`, "Behind a
/// proxy"). Bytes in, decisions out.
struct ProxyHeaderReader: ~Copyable {
    private enum State {
        /// What has come of the header.
        case reading(ByteBuffer)
        case passed
        case refused
    }

    enum OnBytes: Equatable {
        /// The header has come: the proxy speaks for `source`, or for itself; behind it came `rest`.
        case header(source: PeerAddress?, rest: ByteBuffer)
        case refuse
        /// The header has passed before: these bytes are for the next handler.
        case passOn(ByteBuffer)
        case none
    }

    private let limits: ConnectionLimits
    private var state = State.reading(ByteBuffer())

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    mutating func received(_ bytes: ByteBuffer) -> OnBytes {
        switch state {
        case .reading(var all):
            all.writeImmutableBuffer(bytes)
            switch ProxyHeader.parse(all.readableBytesView, limits: limits) {
            case .incomplete:
                state = .reading(all)
                return .none
            case .malformed:
                state = .refused
                return .refuse
            case .header(let header):
                state = .passed
                all.moveReaderIndex(forwardBy: header.byteCount)
                return .header(source: header.source, rest: all)
            }
        case .passed: return .passOn(bytes)
        case .refused: return .none
        }
    }

    /// The peer may not connect here.
    mutating func refuse() {
        state = .refused
    }
}
