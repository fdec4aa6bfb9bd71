import ArgumentParser
import Handshake
import PairingClient

/// `easysetup offer`: shows a code and pairs with the device that types it.
struct OfferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offer",
        abstract: "Show a code, and pair with the device that types it.",
        discussion: """
            A device whose store holds a seed gives it, after you have approved the other device. One whose store is empty \
            receives; then the other device's user types one of the two words shown here.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var pairing: PairingOptions

    @Option(help: ArgumentHelp("The relay where the devices meet, as wss://HOST[:PORT].", valueName: "url"))
    var relay: String

    @Flag(help: "Approve the device that knows the code without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            let address = try pairing.address(relay)
            let client = try pairing.client(try await store.open(output))
            let person = Person(output: output, isAlwaysYes: yes)
            let report = PairingReport(output: output, place: .offerer)
            let pairing = client.offer(at: address, approve: person.approve)
            let failure = await Interrupt.cancels(pairing) { await report.follow($0) }
            if let failure { throw ExitCodes.exit(failure) }
        }
    }
}
