import NIOCore
import Rendezvous

/// Connections come and go, and count for an address until they stand for a device.
extension Switchboard {
    /// A socket listens; `release` is called when there is room for a connection again.
    func listens(_ listener: ObjectIdentifier, release: @escaping () -> Void) {
        listeners[listener] = release
    }

    func listensNoMore(_ listener: ObjectIdentifier) {
        listeners[listener] = nil
    }

    var isFull: Bool { core.look { $0.isFull } }

    /// A connection was accepted. Nil when it is not taken.
    func accepted(from peer: PeerAddress?) -> Line? {
        let prefix = peer.flatMap { addresses.proxies.contain($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = core.change { state, context in (state.accept(prefix, context), state.isCrowded) }
        guard let id = accepted else { return nil }
        let line = Line(id: id, peer: peer, counted: prefix)
        lines[id] = line
        deadlines.addOpening(id, request: 1, now: loop.now)
        // It may never say anything.
        setAlarm()
        if isCrowded { makeRoom(for: line) }
        return line
    }

    /// Somebody who is nobody gives way to a connection that may be somebody: one that the exchange knows of, or here one of those that
    /// have said nothing for longest.
    private func makeRoom(for line: Line) {
        let hasMade = core.change { state, _ in state.makeRoom(for: line.id, line.counted) }
        defer { settle() }
        guard !hasMade else { return }
        let lines = lines
        let candidates = deadlines.longestOpening(Self.looks) { lines[$0]?.isNobody == true }
            .filter { $0 != line.id }
            .map { (id: $0, prefix: lines[$0]?.counted) }
        if let id = core.look({ $0.admission.fullest(candidates) }) { giveWay(id) }
    }

    /// How many are looked at for one.
    private static let looks = 16

    /// The channel of a connection has closed: its device is gone.
    func ended(_ line: Line) {
        line.ended()
        if line.becomesUnknown() { core.happened(.lost(line.id)) }
        // Nothing says that a batch of reads is complete when it ends with the connection, and the last words of this device may have
        // put frames before others.
        settle()
    }

    /// The connection is no more.
    func forget(_ line: Line) {
        guard lines.removeValue(forKey: line.id) != nil else { return }
        if line.becomesUnknown() { core.happened(.lost(line.id)) }
        let wasIdle = line.becomesIdle(false)
        let (poller, bodyBytes) = (line.requests?.poller, line.requests?.bodyBytes ?? 0)
        line.carry(nil)
        let hasCrowdGone = core.change { state, context in
            if let poller { state.calls.gone(line.id, of: poller, now: context.now) }
            state.admission.ended(line.id, line.counted, wasIdle: wasIdle)
            state.admission.forget(unread: line.unread, bodyBytes: bodyBytes)
            return state.hasCrowdGone
        }
        if hasCrowdGone { crowdHasGone() }
        settle()
    }
}

// MARK: - Whom a connection counts for

extension Switchboard {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    /// Whether a trusted proxy has connected.
    func isFromProxy(_ line: Line) -> Bool { line.peer.map(addresses.proxies.contain) ?? false }

    /// The trusted proxy that has connected speaks for another. False when that one has enough connections without a device.
    func proxy(_ line: Line, speaksFor source: PeerAddress) -> Bool {
        line.speaks(for: source)
        return counts(line, for: addresses.proxies.contain(source) ? nil : source.prefix)
    }

    /// It is known now whom a connection counts for that stands for no device. False when that one has enough of those.
    func counts(_ line: Line, for prefix: AddressPrefix?) -> Bool {
        line.counts(for: prefix)
        return core.change { state, _ in state.counts(for: prefix) }
    }

    /// A connection stands for no device: it has not said what it wants, or no poll waits on it. Or it does, or is no more.
    func countsAsIdle(_ isIdle: Bool, _ line: Line) {
        guard line.becomesIdle(isIdle) else { return }
        core.change { state, _ in state.admission.isIdle(isIdle, line.id, line.counted) }
    }
}
