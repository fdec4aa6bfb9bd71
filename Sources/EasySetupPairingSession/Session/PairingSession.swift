/// The requirements of a session that ``ConnectionSupervisor`` runs: an offerer's or a visitor's pairing as a pure state
/// machine.
package protocol PairingSession: ~Copyable {
    mutating func begin() -> [SessionAction]
    mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction]
    var nextDeadline: Duration? { get }
}
