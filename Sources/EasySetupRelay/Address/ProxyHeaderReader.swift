import NIOCore

/// A pure machine for the beginning of a proxy's connection, before TLS: the PROXY header and the bytes after it
/// (`Protocol/operating.md`, "Behind a proxy"). It takes bytes and gives decisions.
struct ProxyHeaderReader: ~Copyable {
    private enum State {
        /// The header's bytes so far.
        case reading(ByteBuffer)
        case passed
        case refused
    }

    enum OnBytes: Equatable {
        /// The header is complete. The proxy forwards for `source`, or nil for a connection of its own; `rest` came
        /// after it.
        case header(source: PeerAddress?, rest: ByteBuffer)
        case refuse
        /// The header was read earlier: these bytes are for the next handler.
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

    /// Refuses the connection, because the peer is no trusted proxy.
    mutating func refuse() {
        state = .refused
    }
}
