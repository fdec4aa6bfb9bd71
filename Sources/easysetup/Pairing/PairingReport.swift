import ArgumentParser
import Handshake
import PairingClient
import SyncSeed

/// Tells a pairing's states as they come, and gives its end.
struct PairingReport {
    let output: Output
    let place: Place
    private let countdown: Countdown

    init(output: Output, place: Place) {
        self.output = output
        self.place = place
        countdown = Countdown(output: output)
    }

    /// Follows a pairing to its end.
    ///
    /// - Returns: why it failed; nil when the devices are paired. It has been told already, but for the errors that
    ///   `isQuiet` takes.
    func follow(_ pairing: Pairing, isQuiet: (PairingError) -> Bool = { _ in false }) async -> PairingError? {
        var failure: PairingError?
        for await state in pairing {
            countdown.stop()
            switch state {
            case .connecting, .retrying: break
            case .offered(let offer):
                tell(offer)
                // A code that nobody can read is of no use to anybody.
                if output.isLost { pairing.cancel() }
            case .wrongProof(let count):
                output.event(
                    "wrong-proof",
                    [("count", .integer(count))],
                    people: "Somebody typed a wrong code (\(count) of \(OffererHandshake.maximumWrongProofs))."
                )
            case .codeKnown:
                output.event(
                    "code-known",
                    people: "Somebody knew your code, and did not introduce itself as a device does. Nothing was sent."
                )
            case .inLine(let position):
                output.event(
                    "in-line",
                    [("position", .integer(position))],
                    people: "Others are before you: place \(position)."
                )
            case .greeting: output.event("greeting", people: "Found the other device.")
            case .deciding(let peer):
                // People are told with the question, so that the two can't come in the wrong order.
                event(peer, decide: true, people: nil)
            case .waiting(let peer):
                event(
                    peer,
                    decide: false,
                    people:
                        "\(Self.text(peer))\nBoth screens show:  \(peer.words)\nLook at the other device and answer there."
                )
            case .accepting(let request):
                output.event("accepting", [("user_id", .string(request.userID.fingerprint))], people: nil)
            case .given(let peer):
                output.event(
                    "given",
                    people: peer.device.asksFirst
                        ? "Sent; look at the other device and answer there." : "Sent; the other device stores it."
                )
            case .peerAway(let deadline):
                output.event(
                    "peer-away",
                    [("expires_in", .integer(Self.seconds(until: deadline)))],
                    people: "The other device is away; this one waits for it."
                )
                countdown.start("It waits for", until: deadline)
            case .reconnecting(let deadline):
                output.event(
                    "reconnecting",
                    [("expires_in", .integer(Self.seconds(until: deadline)))],
                    people: "The connection was lost; trying again."
                )
                countdown.start("Nothing is lost for", until: deadline)
            case .paired(let paired):
                output.event(
                    "paired",
                    [
                        ("user_id", .string(paired.userID.fingerprint)), ("role", .string(paired.role.rawValue)),
                        ("peer", .string(paired.peer.device.name.description)),
                    ],
                    people: "Paired. Both devices are \(paired.userID.fingerprint)."
                )
            case .failed(let error):
                failure = error
                if !isQuiet(error) { output.failed(error) }
            }
        }
        countdown.stop()
        return failure
    }

    private func tell(_ offer: Offer) {
        let code = offer.code.revealed()
        let link = offer.link?.revealed()
        output.event(
            "offered",
            [
                ("code", .string(code)), ("link", link.map(JSONValue.string) ?? .null),
                ("expires_in", .integer(Self.seconds(until: offer.deadline))),
            ],
            people: people(code, link, isFresh: offer.ordinal > 1)
        )
        countdown.start("The code lives for", until: offer.deadline)
    }

    private static func seconds(until deadline: ContinuousClock.Instant) -> Int {
        Int(max(0, ContinuousClock.now.duration(to: deadline).components.seconds))
    }

    private func people(_ code: String, _ link: String?, isFresh: Bool) -> String {
        var lines: [String] = isFresh ? ["The last code is used up. Here is a fresh one."] : []
        lines.append("On the new device, run: easysetup join, and type this code:")
        lines += ["", Countdown.isTerminal ? "      \u{1B}[1m\(Self.large(code))\u{1B}[0m" : "      \(code)", ""]
        if Countdown.isTerminal, let link, let picture = QRCode(link)?.rendered() {
            lines += ["or scan this:", "", picture, ""]
        }
        return lines.joined(separator: "\n")
    }

    /// Wide letters are the size a terminal has.
    private static func large(_ code: String) -> String {
        code.map(String.init).joined(separator: " ")
    }

    private func event(_ peer: Peer, decide: Bool, people: String?) {
        var fields: [(String, JSONValue)] = [
            ("name", .string(peer.device.name.description)), ("platform", .string(peer.device.platform.rawValue)),
            ("decide", .boolean(decide)),
        ]
        // A giver that typed the code reads a word from the other screen; this one must not say it.
        if !(decide && place == .visitor) {
            fields.append(("words", .string("\(peer.words.first) \(peer.words.second)")))
        }
        output.event("peer", fields, people: people)
    }

    /// The other device's own words stand in quotes on a line of their own.
    static func text(_ peer: Peer) -> String {
        """
        The other device says it is
            "\(peer.device.name)" (\(peer.device.platform.rawValue))
        """
    }
}

extension ExitCodes {
    /// The exit that an error of a pairing means.
    static func exit(_ error: PairingError) -> ExitCode {
        ExitCode(code(for: error.name))
    }
}
