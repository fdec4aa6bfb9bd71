import CEasySetup
import EasySetup

/// An error of the C interface itself: the caller's mistake, and never a fault of the pairing (`Protocol/errors.md`, "The
/// C interface").
struct InterfaceError: ExplainedError, Explained {
    let name: String
    let explanation: Explanation

    /// Always false, because the same call with the same arguments fails again.
    var retryHelps: Bool { false }

    private init(_ name: String, _ sentence: String, _ advice: String, _ values: KeyValuePairs<String, String> = [:]) {
        self.name = name
        explanation = Explanation(key: name, sentence: sentence, advice: advice, parameters: values)
    }

    /// - Parameter name: the parameter of the C function, as the header calls it.
    static func badArgument(_ name: String) -> Self {
        Self(
            "bad-argument",
            "The argument \"{argument}\" is NULL, no valid handle, no UTF-8, or no value that is allowed there.",
            "Look at easysetup.h for what the function takes.",
            ["argument": name]
        )
    }

    static func bufferTooSmall(needed: Int) -> Self {
        Self(
            "buffer-too-small",
            "The buffer is too small for the result of {count} bytes.",
            "Give a buffer of at least that size.",
            ["count": "\(needed)"]
        )
    }

    static var noQuestion: Self {
        Self(
            "no-question",
            "The question has been answered, or nobody waits for its answer any more.",
            "Look at the pairing's last state."
        )
    }

    static var clientInUse: Self {
        Self(
            "client-in-use",
            "The settings of a client can't change after its first pairing.",
            "Make another client."
        )
    }

    static var wrongThread: Self {
        Self(
            "wrong-thread",
            "A callback called a function that would wait for that callback to return.",
            "Call the function from another thread."
        )
    }

    static var afterFork: Self {
        Self(
            "after-fork",
            "This process was forked from one that had used the library, and does not have its threads.",
            "Call exec after fork, or fork before the first pairing."
        )
    }

    static var stillRunning: Self {
        Self("still-running", "The pairing has not ended in the given time.", "Wait longer, or cancel the pairing.")
    }
}
