import NIOCore

/// The state machine for the beginning of a proxy's connection, before TLS: it separates the PROXY header from the
/// bytes after it (`Protocol/operating.md`, "Behind a proxy"). It does no I/O.
struct ProxyHeaderReader: ~Copyable {
    private enum State {
        /// The PROXY header is incomplete; the buffer has those of its bytes that have arrived so far.
        case reading(ByteBuffer)
        case passed
        case refused
    }

    enum OnBytes: Equatable {
        /// The PROXY header is complete. `source` is the address of the device for which the proxy forwards; nil when
        /// the header names none. `rest` has the bytes that came after the header.
        case header(source: PeerAddress?, rest: ByteBuffer)
        case refuse
        /// The PROXY header was complete before, so these bytes are for the next handler in the pipeline.
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

    /// Makes the reader ignore all bytes. The caller refuses the connection, because its peer is no trusted proxy.
    mutating func refuse() {
        state = .refused
    }
}
