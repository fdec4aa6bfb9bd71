import CEasySetup
import Synchronization

/// The callbacks of a pairing, and the context that they get.
struct PairingCallbacks: @unchecked Sendable {
    // `@unchecked Sendable` is safe, because the header asks of the app that its context may be used on any thread.
    let context: UnsafeMutableRawPointer?
    var state: easysetup_state_callback?
    var approval: easysetup_question_callback?
    var acceptance: easysetup_question_callback?
    var withdrawn: easysetup_withdrawn_callback?
    var end: easysetup_end_callback?
    var allowsPlain = false
    /// The gift of a device with the seed; nil for the seed itself.
    var gift: PlannedGift?
}

/// Options as C code names them.
final class OptionsHandle: Sendable {
    private let content: Mutex<PairingCallbacks>

    init(_ callbacks: PairingCallbacks) {
        content = Mutex(callbacks)
    }

    /// The options as they are now.
    var callbacks: PairingCallbacks { content.withLock { $0 } }

    func set(_ body: (inout PairingCallbacks) -> Void) {
        content.withLock { body(&$0) }
    }
}
