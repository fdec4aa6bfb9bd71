import NIOCore

/// The state machine for the beginning of a proxy's connection, before TLS: the PROXY header and the bytes after it
/// (`Protocol/operating.md`, "Behind a proxy"). It takes bytes and decides what to do with them; it does no I/O.
struct ProxyHeaderReader: ~Copyable {
    private enum State {
        /// The header is incomplete; these are its bytes so far.
        case reading(ByteBuffer)
        case passed
        case refused
    }

    enum OnBytes: Equatable {
        /// The header is complete. `source` is the address for which the proxy forwards; nil when the connection is the
        /// proxy's own. `rest` has the bytes that came after the header.
        case header(source: PeerAddress?, rest: ByteBuffer)
        case refuse
        /// The header was read before, so these bytes are for the next handler in the pipeline.
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

    /// Refuses the connection, because the peer is no trusted proxy. All further bytes are ignored.
    mutating func refuse() {
        state = .refused
    }
}
