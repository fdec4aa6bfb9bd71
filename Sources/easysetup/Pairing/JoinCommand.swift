import ArgumentParser
import Handshake
import PairingClient

/// `easysetup join`: types a code, or opens a link, that another device shows.
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Type the code that another device shows.",
        discussion: """
            A device whose store is empty receives the seed. One whose store holds a seed gives it, after you have typed one \
            of the two words on the other screen. A link says where the relay is, and only ever makes this device receive.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var pairing: PairingOptions

    @Argument(help: "The code, or the link from the QR code; asked for when it is not given.")
    var code: String?

    @Option(help: ArgumentHelp("The relay where the devices meet, as wss://HOST[:PORT].", valueName: "url"))
    var relay: String?

    @Flag(help: "Don't ask before a link makes this device join.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            let opened = try await store.open(output)
            // Before anybody types a code for nothing. What is stored and can't be read is told by the pairing.
            if code == nil, (try? await opened.load()) == nil { try await opened.check() }
            let client = try pairing.client(opened)
            let report = PairingReport(output: output, place: .visitor)
            var text = code
            // Each turn is one try of the person's. The library counts them: the fourth for a code fails by itself.
            while true {
                if text == nil { text = await ask(output) }
                guard let written = text.take() else { throw CommandError.notConfirmed }
                let way: Way
                do {
                    way = try read(written)
                } catch let error as CodeError where canAsk(output) {
                    output.failed(error)
                    continue
                }
                if case .link(let link) = way { try await confirm(link, output) }
                let person = Person(output: output, isAlwaysYes: false)
                let pairing =
                    switch way {
                    case .code(let code, let relay): client.join(code, at: relay, approve: person.approve)
                    case .link(let link): client.join(link)
                    }
                let failure = await Interrupt.cancels(pairing) { await report.follow($0) }
                guard let failure else { return }
                guard failure == .wrongCode, canAsk(output) else { throw ExitCodes.exit(failure) }
            }
        }
    }

    private enum Way {
        case code(PairingCode, RelayAddress)
        case link(PairingLink)
    }

    private func read(_ written: String) throws -> Way {
        let trimmed = String(written.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        if PairingLink.isMeant(by: trimmed) {
            return .link(try PairingLink(parsing: trimmed, allowPlain: pairing.allowPlain))
        }
        let code = try PairingCode(typed: trimmed)
        guard let relay else { throw PairingUsage.relayMissing }
        return .code(code, try pairing.address(relay))
    }

    private func canAsk(_ output: Output) -> Bool {
        output.form == .people && Input.isTerminal
    }

    private func ask(_ output: Output) async -> String? {
        if output.form == .people { output.prompt("Code on the other screen: ") }
        return await Person.line()
    }

    /// A link may have come from anywhere, so a person hears what it does before it does it.
    private func confirm(_ link: PairingLink, _ output: Output) async throws {
        guard canAsk(output), !yes else { return }
        output.prompt(
            """
            This link leads to the relay \(link.relay.authority). If you go on, this device joins the other device's chain,
            and what is on this device becomes readable there. Type yes to go on: 
            """
        )
        guard await Person.line()?.lowercased() == "yes" else { throw CommandError.notConfirmed }
    }
}
