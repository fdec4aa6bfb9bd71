// Two devices side by side in one terminal, and the relay at which they meet, in one process. The laptop on the left shows a
// code, and asks you before it gives its seed to the phone on the right, which has typed the code.

import EasySetup
import EasySetupRelay
import Logging

@main
struct TwoDevices {
    static func main() async throws {
        let quiet = Logger(label: "relay") { _ in SwiftLogNoOpLogHandler() }
        let relay = RelayServer(configuration: RelayConfiguration(), logger: quiet)
        let serving = Task { try await relay.run() }
        let address = RelayAddress(host: "127.0.0.1", port: try await relay.port, isPlain: true)!

        let laptop = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: MemorySeedStore(.random()))
        let phone = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore())
        let (left, right) = (Column(start: 0), Column(start: 40))
        left.say("OLD LAPTOP")
        right.say("NEW PHONE")

        var joining: Task<Void, Never>?
        for await state in laptop.offer(at: address, approve: { left.ask($0) ? .approve : .decline }) {
            left.show(state)
            if case .offered(let offer) = state {
                left.say("\n    \(offer.code.revealed())\n")
                joining = Task {
                    right.say("(types \(offer.code.revealed()))")
                    for await state in phone.join(offer.code, at: address) { right.show(state) }
                }
            }
        }
        await joining?.value
        serving.cancel()
        try await serving.value
    }
}

/// One of the two devices on the screen: a column of lines.
struct Column: Sendable {
    let start: Int
    let width = 38

    func show(_ state: PairingState) {
        // The question has the same words.
        if case .deciding = state { return }
        let text = state.explanation
        say(text.filled(text.sentence))
        switch state {
        case .waiting(let peer, _): say("    \(peer.words)")
        case .failed(let error): say(error.advice)
        default: break
        }
    }

    /// Asks for the answer yes, and takes everything else for no.
    func ask(_ request: ApprovalRequest) -> Bool {
        say("\nGive the seed to \"\(request.peer.device.name)\"? Only if it shows:\n    \(request.peer.words)")
        say("[yes/no]")
        return readLine() == "yes"
    }

    func say(_ text: String) {
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var rest = paragraph
            repeat {
                let line = rest.prefix(width + 1)
                let end = rest.count <= width ? rest.endIndex : line.lastIndex(of: " ") ?? line.dropLast().endIndex
                print(String(repeating: " ", count: start) + rest[..<end])
                rest = rest[end...].drop { $0 == " " }
            } while !rest.isEmpty
        }
    }
}
