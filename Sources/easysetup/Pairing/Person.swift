import Dispatch
import Handshake
import PairingClient

/// Asks the person at the terminal, or the program at the other end of the pipes, what only they can answer.
struct Person: Sendable {
    let output: Output
    /// Whether every device that knows the code is approved without asking: `--yes`.
    let isAlwaysYes: Bool

    /// The answer to an approval. The default is no: nothing but the word yes, or the right word, approves.
    func approve(_ request: ApprovalRequest) async -> Approval {
        if isAlwaysYes, !request.needsWord { return .approve }
        // What was typed before the question was there is no answer to it.
        Input.forgetTyped()
        if request.needsWord {
            output.prompt(
                request.attempt > 1
                    ? "That word is not on the other screen. "
                    : "\(PairingReport.text(request.peer))\nIts screen shows two words. "
            )
            output.prompt("Type one of them to give it your seed, or Enter alone to refuse: ")
            guard let word = await Self.line(), !word.allSatisfy(\.isWhitespace) else { return .decline }
            return .word(word)
        }
        output.prompt(
            """
            \(PairingReport.text(request.peer))
            Both screens show:  \(request.peer.words)
            The code was shown \(request.codeAge.components.seconds) s ago.

            """
        )
        output.prompt("Is this the device in your hands? Type yes to give it your seed, anything else to refuse: ")
        let answer = await Self.line()?.lowercased().filter { !$0.isWhitespace }
        return answer == "yes" ? .approve : .decline
    }

    /// A line of standard input, read where blocking hurts nobody; nil at its end.
    static func line() async -> String? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Input.readAnswer()) }
        }
    }
}
