/// The requirements of a session that the driver runs.
package protocol PairingSession: ~Copyable {
    mutating func begin() -> [SessionAction]
    mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction]
    var nextDeadline: Duration? { get }
}
