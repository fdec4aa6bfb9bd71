import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// `easysetup join`: pairs with a device that shows a code or a link.
struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Type the code that another device shows.",
        discussion: """
            A device whose store is empty receives the seed, or some collections. One whose store holds a seed gives it, or \
            with --only some collections, after you have typed one of the two words on the other screen. A link says where the relay is, and only ever makes this device receive; \
            you are asked first, and where nobody can be asked the link is refused. A program that opens links for other \
            programs must not pass --yes: anybody may send a link.
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var seal: SealOptions
    @OptionGroup var pairing: PairingOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var picture: PictureOption
    @OptionGroup var gift: GiftOptions

    @Argument(
        help: ArgumentHelp(
            "The code, or the link from the QR code; asked for when it is not given.",
            valueName: "code"
        )
    )
    var pieces: [UserText] = []

    @Flag(help: "Don't ask before a link makes this device join. Not for a handler of links.")
    var yes = false

    func validate() throws {
        guard picture.qr == nil || pieces.isEmpty else {
            throw ValidationError("Give a code or link, or a picture with --qr, and not both.")
        }
        // The groups of a code may be separate arguments, as they stand apart on the screen. An argument of more than
        // four bytes is not one of several groups.
        guard pieces.count < 2 || pieces.allSatisfy({ $0.byteCount <= 4 }) else {
            throw ValidationError("Write the code in one piece, or leave it out: then it is asked for.")
        }
    }

    /// The code or link from the arguments; nil if there is none.
    private var code: UserText? {
        guard pieces.count > 1 else { return pieces.first }
        var line = SecretLine(limit: pieces.reduce(0) { $0 + $1.byteCount + 1 })
        for piece in pieces {
            piece.withBytes { $0.withUnsafeBytes { for byte in $0 { line.append(byte) } } }
            line.append(UInt8(ascii: " "))
        }
        return line.finish()
    }

    func run() async throws {
        try await common.run { output in
            let output = screen.output(output)
            let link = try picture.pairingLink()
            try check(output, hasLink: link != nil)
            let opened = try await store.open(output)
            var (known, content) = await LoadedStore.load(from: opened)
            let role = content.role
            var gives = MadeGift(.seed)
            switch content {
            case .seed(let seed): gives = try await gift.gift(of: seed, store, pairing, output)
            case .membership, .nothing: if gift.isMembership { throw PairingError.noSeedToGive }
            case .unreadable: break
            }
            // The store is checked before a person types a code, so that no code is typed in vain.
            if link == nil, code == nil, role != .holder { try await opened.check() }
            if case .nothing = content { known = try seal.apply(toEmpty: opened, of: store) }
            let client = try pairing.client(known)
            let stage = output.stage(.never)
            defer { stage.close() }
            output.onStopEnd(stage)
            var text = link ?? code
            var tries = TryCount()
            var isOneLineTold = false
            try await gives.takenBackUnlessGiven {
                // Each iteration of the loop is one try. `PairingClient` counts the tries, so it refuses the fourth one
                // for a code.
                while true {
                    let way = try await way(&text, tries.note, &isOneLineTold, output, stage)
                    if case .link(let link) = way { try await confirm(link, output, stage) }
                    if case .code = way, role == .holder, StandardInput.current == .atEnd {
                        throw CommandError.nobodyToAsk(.word)
                    }
                    let conversation = Conversation(
                        output: output,
                        stage: stage,
                        part: pairing.part(.visitor, at: way.relay, role: role, gives: gives.gift),
                        isAlwaysYes: false
                    )
                    let visit =
                        switch way {
                        case .code(let code, let relay):
                            client.join(code, at: relay, giving: gives.gift) { [gives] in
                                await gives.approve($0, conversation)
                            }
                        case .link(let link): client.join(link)
                        }
                    let failure = try await conversation.follow(visit) { $0 == .wrongCode && canAsk(output) }
                    guard let failure else {
                        if case .membership(let old) = content {
                            // The devices are paired: without this word the old membership stays in the list, and no more.
                            try? await ChainDeviceFile.keepWord(of: old, store.folder.bytes)
                        }
                        return
                    }
                    guard failure == .wrongCode, canAsk(output) else { throw ExitCodes.exit(failure) }
                    if case .code(let code, _) = way { tries.take(code.slot, of: ClientLimits().triesPerCode) }
                }
            }
        }
    }

    /// Checks what the arguments and settings say before a person is asked for a passphrase or a code, so that nothing
    /// is typed in vain. Where a program or a pipe gives the answers, a link may come, which names its relay itself.
    private func check(_ output: Output, hasLink: Bool) throws {
        try pairing.checkName()
        if let code {
            do { _ = try read(code) } catch is CodeError where canAsk(output) {}
        } else if !hasLink, pairing.target.relay != nil || canAsk(output) {
            _ = try pairing.address()
        }
    }

    private enum Way {
        case code(PairingCode, RelayAddress)
        case link(PairingLink)

        var relay: RelayAddress {
            switch self {
            case .code(_, let relay): relay
            case .link(let link): link.relay
            }
        }
    }

    private func canAsk(_ output: Output) -> Bool {
        output.form == .people && Input.isTerminal
    }

    /// Returns the code or link from the arguments. If there is none, asks until the person types a valid one.
    /// - Parameters:
    ///   - note: a sentence about the tries before.
    ///   - isOneLineTold: whether a person has read already that each line is an answer.
    private func way(
        _ text: inout UserText?,
        _ note: String?,
        _ isOneLineTold: inout Bool,
        _ output: Output,
        _ stage: any Stage
    ) async throws -> Way {
        var notes = [note].compactMap(\.self)
        var attempt = 1
        var draft = CodeDraft()
        while true {
            if let given = text.take() {
                do {
                    return try read(given)
                } catch let error as CodeError where canAsk(output) {
                    notes = [error.description, error.commandAdvice]
                    attempt += 1
                }
            }
            output.ask(.code, attempt: attempt, notes: notes)
            var prompt = View.Prompt(notes: notes, text: "Code on the other screen:")
            prompt.isContinued = !draft.lines.isEmpty
            prompt.kind = draft.lines.isEmpty ? .code : .text
            let written: UserText
            switch await stage.ask(View(prompt: prompt)) {
            case .cancelled: throw CommandError.notConfirmed
            case .end:
                if Verdict.isStopped() { throw CommandError.notConfirmed }
                if let error = draft.error { throw error }
                throw CommandError.nobodyToAsk(.code)
            case .line(let line): written = line
            }
            if YesOrNo(written) == .help {
                notes = [Help.code]
                continue
            }
            // An empty view removes the prompt from the screen until the next question.
            stage.show(View())
            do {
                if let way = try draft.take(written, read) { return way }
                notes = [CodeDraft.isBegun]
            } catch let error as CodeError
                where canAsk(output) || (output.form == .json && attempt < YesOrNo.tries && code == nil)
            {
                notes = [error.description, error.commandAdvice]
                // A program may show a person the note of the last question alone.
                if !stage.marksPastes, !isOneLineTold || output.form == .json { notes.append(CodeDraft.oneLine) }
                isOneLineTold = true
                attempt += 1
            }
        }
    }

    /// Reads a code or a link.
    /// - Throws: ``CommandError/seedGiven`` if the text is a seed, so that its owner learns that it is a secret.
    private func read(_ written: UserText) throws -> Way {
        var seed = SeedReader()
        seed.append(line: written)
        if seed.hasLink { throw CommandError.seedGiven }
        let isLink = PairingLink.isMeant(by: written)
        switch seed.reading {
        // A text of fewer than six words may be a code, which has at most four groups, so it is not taken for a
        // recovery phrase. Neither are the words of a mail around a link.
        case .incomplete(let words) where words < 6 || isLink: break
        case .failed(let error) where error.code != .phraseChecksum: break
        case .incomplete, .wrongWords, .failed, .seed: throw CommandError.seedGiven
        }
        if isLink {
            return .link(try PairingLink(parsing: written, allowPlain: pairing.allowsPlain))
        }
        return .code(try PairingCode(typed: written), try pairing.address())
    }

    /// Tells a person what the link does and asks for a yes, because anybody may have sent the link.
    private func confirm(_ link: PairingLink, _ output: Output, _ stage: any Stage) async throws {
        if yes { return }
        switch StandardInput.current {
        case .terminal: break
        case .open: if output.form == .people { throw CommandError.nobodyToAsk(.yes) }
        case .atEnd: throw CommandError.nobodyToAsk(.yes)
        }
        let view = View(parts: [
            .text("This link leads to the relay"),
            .item(link.relay.authority),
            .text(
                """
                If you go on, this device receives the other device's seed, or keys of some of its collections, and what is \
                on this device becomes readable for the devices of that chain.
                """
            ),
        ])
        let verdict = await Verdict.ask(help: Help.link) { notes, attempt in
            output.ask(.link, attempt: attempt, notes: notes, more: [("relay", .string(link.relay.authority))])
            var asking = view
            asking.prompt = View.Prompt(notes: notes, text: "Type yes to go on, or no:")
            return await stage.ask(asking)
        }
        stage.show(View())
        switch verdict {
        case .yes: return
        case .nobody: throw CommandError.nobodyToAsk(.yes)
        case .no, .unclear, .stopped: throw CommandError.notConfirmed
        }
    }
}
