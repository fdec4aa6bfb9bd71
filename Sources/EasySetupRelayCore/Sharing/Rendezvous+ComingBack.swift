import EasySetupRelayProtocol

/// Devices that have gone on at another relay, and are this relay's again. In the model `Protocol/model/fleet.pml` a trunk
/// breaks under a visit without a meeting, whose place is `place_sought` then.
extension Rendezvous {
    /// Takes a device up again that has lost its home before it had a meeting. It was admitted when it came, and has heard
    /// the operator's message: so it is neither counted again nor asked for work, which it would not expect in a line.
    package mutating func cameBack(_ device: SoughtDevice, _ turn: inout Turn) {
        guard others != nil, connections[device.connection] == nil else { return }
        intervals.advance(turn.now.monotonic)
        // The deadline does not matter, because the frame is handled at once.
        connections.add(
            device.connection,
            prefix: device.prefix,
            deadline: turn.now.monotonic,
            budget: FrameBudget(limits.framesPerInterval, interval: intervals.number)
        )
        guard !isDraining else { return sendElsewhere(device.connection, &turn) }
        enter(device.connection, device.prefix, device.frame, Admitted(hasHeard: true), &turn)
    }
}
