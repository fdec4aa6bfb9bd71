import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// `easysetup offer`: shows a code and pairs with the device that types it.
struct OfferCommand: AsyncParsableCommand, ChecksSettings {
    static let configuration = CommandConfiguration(
        commandName: "offer",
        abstract: "Show a code, and pair with the device that types it.",
        discussion: """
            A device that has a seed gives it, after you have approved the other device. One that has none asks whether to make \
            a new seed, or to receive one: then the other device's user types one of the two words shown here, and you are asked \
            before anything is kept. Where nobody can be asked, nothing is made, given or kept without --new or --receive, and \
            --yes. With --only a device that has a seed gives some collections and not the seed, which the other device can then \
            not give on.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var pairing: PairingOptions
    @OptionGroup var first: FirstSeedOptions
    @OptionGroup var gift: GiftOptions
    @OptionGroup var screen: ScreenOptions

    @Flag(help: "Approve the device that knows the code, or keep what it sends, without asking.")
    var yes = false

    @Flag(
        inversion: .prefixedNo,
        exclusivity: .exclusive,
        help:
            "Draw a QR code on every kind of output, or never. Default: on terminals with colours. In a window only where it fits."
    )
    var qr: Bool?

    @Option(
        help: ArgumentHelp(
            "Write the QR code of the link as PNG to a file of your own, where this device has a seed to give.",
            valueName: "file"
        )
    )
    var png: PathArgument?

    @Flag(help: "Replace the file of --png, if there is one.")
    var overwrite = false

    func validate() throws {
        guard !gift.isMembership || !first.receive else {
            throw ValidationError("--only gives, and --receive receives: they exclude each other.")
        }
        guard png?.bytes != [UInt8(ascii: "-")] else {
            throw ValidationError("The picture of --png goes to a file: standard output has the code.")
        }
    }

    func checkSettings() throws { try pairing.check() }

    func run() async throws {
        try await common.run { output in
            let output = screen.output(output)
            let address = try pairing.address()
            try pairing.checkName()
            let picture = try png.map { try LinkPicture($0, replacing: overwrite) }
            var opened = try await store.open(output)
            var (known, content) = await LoadedStore.load(from: opened)
            if case .seed(let seed) = content, first.choice != nil { throw CommandError.seedStored(seed.userID) }
            if case .membership(let membership) = content {
                if first.new { throw CommandError.membershipStored(membership.scope) }
                // Only a person who says so wants to receive here: others want to add a device, which this one can't.
                if !first.receive { throw PairingError.noSeedToGive }
            }
            if content.role == .receiver, gift.isMembership, !first.new { throw PairingError.noSeedToGive }
            if content.role == .holder || first.choice == .new, !yes { try Self.checkPerson(output) }
            if content.role == .receiver {
                // The store is checked before a person is asked, so that nothing is answered in vain.
                try await opened.check()
                if case .nothing = content {
                    opened = try seal.apply(toEmpty: opened, of: store)
                    known = opened
                }
            }
            let stage = output.stage(pictures)
            defer { stage.close() }
            output.onStopEnd(stage)
            var made: SyncSeed?
            if case .nothing = content {
                let choice = if let choice = first.choice { choice } else { try await FirstSeed.ask(output, stage) }
                if choice == .new {
                    let seed = FirstSeed.seed()
                    made = seed
                    (known, content) = (LoadedStore(.seed(seed), in: opened), .seed(seed))
                }
            }
            let role = content.role
            if picture != nil, role == .receiver { throw PairingUsage.noLink }
            let client = try pairing.client(known)
            var gives = MadeGift(.seed)
            if case .seed(let seed) = content {
                gives = try await gift.gift(of: seed, store, pairing, output)
                output.onStopEnd(stage)
            }
            let conversation = Conversation(
                output: output,
                stage: stage,
                part: pairing.part(.offerer, at: address, role: role, gives: gives.gift),
                isAlwaysYes: yes,
                picture: picture
            )
            let offer = client.offer(
                at: address,
                giving: gives.gift,
                approve: { [gives] in await gives.approve($0, conversation) },
                accept: yes ? nil : conversation.accept
            )
            let store = opened
            let keep = made.map { seed in { try await FirstSeed.keep(seed, in: store, output, stage) } }
            try await gives.takenBackUnlessGiven {
                let failure = try await conversation.follow(offer, offered: keep ?? {})
                if let failure { throw ExitCodes.exit(failure) }
            }
            if case .membership(let old) = content {
                // The devices are paired: without this word the old membership stays in the list, and no more.
                try? await ChainDeviceFile.keepWord(of: old, self.store.folder.bytes)
            }
        }
    }

    /// Checks, before a code is shown, that somebody can answer the approval question later.
    private static func checkPerson(_ output: Output) throws(CommandError) {
        switch StandardInput.current {
        case .terminal: break
        case .open: if output.form == .people { throw .nobodyToAsk(.yes) }
        case .atEnd: throw .nobodyToAsk(.yes)
        }
    }

    private var pictures: PictureWish {
        qr.map { $0 ? .always : .never } ?? .auto
    }
}
