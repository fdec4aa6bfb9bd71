import EasySetupChain
import EasySetupSeed
import Foundation
import Testing

@testable import EasySetup
@testable import EasySetupHandshake
@testable import EasySetupPairingSession
@testable import EasySetupTool

/// Every sentence of every state, for each role, place and way in, as one page that a person can read: `SCREENS.md`
/// beside this file.
///
/// After a change of a screen's text, run `EASYSETUP_WRITE_SCREENS=1 swift test --filter ScreenTests` and read the
/// difference in the page.
@Suite("The screens of a pairing") struct ScreenTests {
    static let now = ContinuousClock.now
    static let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
    static let userID = try! SyncSeed(bytes: SecretBytes(zeros: 32)).userID
    static let surfaces: [(name: String, surface: Surface)] = [
        ("a terminal", Surface(isTerminal: true) { ["TERM": "xterm", "LANG": "en_GB.UTF-8"][$0] }),
        ("plain", .plain),
    ]

    /// A way in which a device takes part: its role, and how it gets or shows the code.
    struct Pair: Sendable, CustomTestStringConvertible {
        let role: Role
        let place: PairingSide
        let way: String
        var scope = AccessScope.everything

        var testDescription: String {
            let wish = role == .holder ? "has the seed" : "wants a seed"
            let gift = role == .holder ? ", and gives some collections" : ", and gets some collections"
            return "\(wish), \(place == .offerer ? "shows the code" : way)\(scope == .everything ? "" : gift)"
        }

        static let all = [
            Pair(role: .holder, place: .offerer, way: ""), Pair(role: .receiver, place: .visitor, way: "types it"),
            Pair(role: .receiver, place: .visitor, way: "opens the link"),
            Pair(role: .receiver, place: .offerer, way: ""), Pair(role: .holder, place: .visitor, way: "types it"),
            Pair(role: .holder, place: .offerer, way: "", scope: collections),
            Pair(role: .receiver, place: .offerer, way: "", scope: collections),
            Pair(role: .holder, place: .visitor, way: "types it", scope: collections),
        ]

        private static let collections = AccessScope.collections(
            [try! CollectionName("notes"): true, try! CollectionName("bookmarks"): false],
            notAfter: UTCDate("2027-01-31")!.lastSecond
        )

        /// The answers to `?` at the questions to this device's user.
        var helps: [String] { [Help.approve(scope), Help.accept(scope), Help.word(scope)] }

        var part: Screen.Part {
            Screen.Part(
                role: role,
                place: place,
                relay: "relay.example:443",
                command: ["easysetup", "join", "--relay", "wss://relay.example"],
                gives: role == .holder ? scope : .everything,
                device: role == .holder && scope != .everything ? DeviceID(value: 7) : nil
            )
        }

        var peer: Peer {
            let other: Role = role == .holder ? .receiver : .holder
            let asksFirst = other == .receiver && place == .visitor
            return Peer(
                device: Device(
                    name: DeviceName(cleaning: "Müllers TV")!,
                    platform: .tv,
                    role: other,
                    asksFirst: asksFirst
                ),
                words: ConfirmationWords((0, 1))
            )
        }

        /// The states that such a device passes through, in their order, with the questions to its user.
        func moments() throws -> [(name: String, view: (inout Screen) -> Screen.Step)] {
            let code = try PairingCode(typed: "K7Q-29M-XAQ")
            let link = role == .holder ? PairingLink(relay: relay, slot: "K7Q", secret: SecretBytes(zeros: 16)) : nil
            let offer = Offer(code: code, link: link, deadline: now + .seconds(600), ordinal: 1)
            func state(_ state: PairingState) -> (String, (inout Screen) -> Screen.Step) {
                (state.name, { $0.step(state) })
            }
            var moments = [state(.connecting), state(.retrying(.relayUnreachable(.refused)))]
            moments.append(
                (
                    "relay-message",
                    { screen in
                        var step = screen.step(.relayMessage(.example))
                        step.said = screen.surface.lines(of: .example, width: screen.surface.isTerminal ? 80 : nil)
                        return step
                    }
                )
            )
            if place == .offerer {
                moments += [
                    state(.offered(offer)), state(.wrongProof(count: 1)), state(.wrongProof(count: 3)),
                    state(.codeKnown),
                ]
                let fresh = Offer(code: code, link: link, deadline: now + .seconds(590), ordinal: 2)
                moments.append(state(.offered(fresh)))
            } else {
                moments += [state(.inLine(position: 2)), state(.greeting)]
            }
            moments.append(state(.reconnecting(deadline: now + .seconds(240))))
            if role == .holder {
                let request = ApprovalRequest(
                    peer: peer,
                    scope: scope,
                    codeAge: .seconds(12),
                    needsWord: place == .visitor,
                    attempt: 1,
                    mistake: nil,
                    deadline: now + .seconds(300)
                )
                moments.append(state(.deciding(peer, deadline: now + .seconds(300))))
                moments.append(("question", { Screen.Step(view: $0.ask(request, notes: [])) }))
                moments.append(state(.peerAway(deadline: now + .seconds(200))))
                moments.append(("asked again", { Screen.Step(view: $0.ask(request, notes: [YesOrNo.again])) }))
                moments.append(("answered", { Screen.Step(view: $0.answered()) }))
                moments.append(state(.given(peer, deadline: now + .seconds(60))))
            } else {
                moments += [
                    state(.waiting(peer, deadline: now + .seconds(290))),
                    state(.peerAway(deadline: now + .seconds(200))),
                ]
                if place == .offerer {
                    let request = AcceptanceRequest(
                        peer: peer,
                        userID: userID,
                        scope: scope,
                        codeAge: .seconds(12),
                        deadline: now + .seconds(280)
                    )
                    moments.append(state(.accepting(request)))
                    moments.append(("question", { Screen.Step(view: $0.ask(request, notes: [])) }))
                    moments.append(("answered", { Screen.Step(view: $0.answered()) }))
                }
            }
            moments.append(state(.paired(Paired(userID: userID, role: role, peer: peer, scope: scope))))
            return moments
        }
    }

    /// The text of the page, made from the sources.
    static func page() throws -> String {
        var page = """
            # What a person sees

            Every state of a pairing for each way to take part, as `ScreenTests` has it from the sources: what stays (>), what is shown
            while the moment lasts, in a window of 80 by 24, and what goes to a plain terminal, a file or a pipe.

            """
        for pair in Pair.all {
            page += "\n## It \(pair.testDescription)\n"
            for (name, surface) in surfaces {
                page += "\n### On \(name)\n\n```\n"
                var screen = Screen(pair.part, on: surface)
                for moment in try pair.moments() {
                    let step = moment.view(&screen)
                    page += "[\(moment.name)]\n"
                    for line in step.said { page += "> \(surface.shown(line))\n" }
                    let layout = Layout(
                        step.view,
                        on: surface,
                        in: .usual,
                        pictures: .never,
                        typed: "",
                        now: now
                    )
                    for row in layout.rows {
                        page += row.text.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[0m", with: "") + "\n"
                    }
                }
                page += "```\n"
            }
        }
        page += "\n## It has no seed, and shows the code: before that\n"
        for (name, surface) in surfaces {
            page += "\n### On \(name)\n\n```\n"
            for (moment, notes) in [("question", []), ("help", [FirstSeed.help])] {
                page += "[\(moment)]\n"
                let view = FirstSeed.view(notes)
                let layout = Layout(view, on: surface, in: .usual, pictures: .never, typed: "", now: now)
                for row in layout.rows {
                    page += row.text.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[0m", with: "") + "\n"
                }
            }
            page += "```\n"
        }
        return page + TypingScreens.page(surfaces[0].surface)
    }

    @Test("A view that was made before the one that is shown is not shown") func lateViews() {
        var (latest, first, second) = (LatestView(), View(parts: [.text("first")]), View(parts: [.text("second")]))
        (first.ordinal, second.ordinal) = (7, 8)
        #expect(latest.take(second) && !latest.take(first) && latest.view == second)
        // A view outside the order, such as the question for a code, is shown whenever it comes.
        #expect(latest.take(View()) && latest.view == View())
        #expect(!latest.take(first) && latest.view == View())
    }

    @Test("The screens are those of SCREENS.md") func table() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "SCREENS.md")
        let page = try Self.page()
        if ProcessInfo.processInfo.environment["EASYSETUP_WRITE_SCREENS"] != nil {
            try page.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == page)
    }

    @Test("The screens name this device as it is", arguments: Pair.all) func truth(pair: Pair) throws {
        var screen = Screen(pair.part, on: .plain)
        var all = ""
        for moment in try pair.moments() {
            let view = moment.view(&screen).view
            all += view.parts.map { "\($0)" }.joined(separator: "\n")
        }
        switch (pair.role, pair.place) {
        case (.holder, .offerer):
            #expect(all.contains("On the new device") && !all.contains("that has your seed"))
        case (.receiver, .offerer):
            #expect(all.contains("On the device that has your seed") && !all.contains("On the new device"))
            // The other device shows no words: it asks its user for one of them.
            #expect(all.contains("Its screen asks for one of these words") && !all.contains("Compare these words"))
        case (.holder, .visitor):
            // This device shows no words, because its user must read them from the other screen.
            let words = pair.peer.words
            #expect(!all.contains(words.first) && !all.contains(words.second))
        case (.receiver, .visitor): #expect(all.contains("Compare these words"))
        }
    }

    @Test(
        "The screens show the code, the time and the question in every window, and never more than fits",
        arguments: Pair.all
    )
    func windows(pair: Pair) throws {
        for (_, surface) in Self.surfaces {
            for (width, height) in [(80, 24), (80, 23), (40, 20), (38, 30), (20, 10), (200, 50), (120, 12), (12, 8)] {
                let size = WindowSize(width: width, height: height)
                var screen = Screen(pair.part, on: surface)
                for moment in try pair.moments() {
                    let view = moment.view(&screen).view
                    let layout = Layout(view, on: surface, in: size, pictures: .auto, typed: "otter", now: Self.now)
                    let lines = layout.rows.reduce(0) { $0 + $1.height(in: width) }
                    let comment: Comment = "\(moment.name) in \(width) by \(height): \(layout.rows.map(\.text))"
                    #expect(lines <= height, comment)
                    let text = layout.rows.map(\.text).joined(separator: "\n")
                    if view.parts.contains(where: { if case .code = $0 { true } else { false } }) {
                        #expect(text.replacing(" ", with: "").contains("K7Q-29M-XAQ"), comment)
                    }
                    if let deadline = view.status?.deadline {
                        #expect(text.contains(View.clock(deadline, now: Self.now)), comment)
                    }
                    if view.prompt != nil { #expect(layout.rows.last?.text.hasSuffix("otter") == true, comment) }
                    if surface == .plain { #expect(!text.contains { !$0.isASCII }, comment) }
                }
            }
        }
    }

    @Test(
        "The screens show in a window of a few lines or columns the question first, then the code, then the time",
        arguments: Pair.all
    )
    func smallWindows(pair: Pair) throws {
        for (_, surface) in Self.surfaces {
            for width in [200, 80, 40, 20, 12, 8, 5, 2, 1] {
                for height in 1...6 {
                    let size = WindowSize(width: width, height: height)
                    var screen = Screen(pair.part, on: surface)
                    for moment in try pair.moments() {
                        let view = moment.view(&screen).view
                        let layout = Layout(view, on: surface, in: size, pictures: .auto, typed: "yes", now: Self.now)
                        let rows = layout.rows.map {
                            $0.text.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[0m", with: "")
                        }
                        let comment: Comment = "\(moment.name) in \(width) by \(height): \(rows)"
                        #expect(layout.rows.reduce(0) { $0 + $1.height(in: width) } <= height, comment)
                        let text = rows.joined(separator: " ")
                        if view.prompt != nil, width >= 20 {
                            #expect(text.contains("no:") && text.hasSuffix(" yes"), comment)
                        } else if view.parts.contains(where: { if case .code = $0 { true } else { false } }) {
                            let isRoom = width > 11 || width > 8 && height >= 2 || width > 4 && height >= 3
                            #expect(!isRoom || text.replacing(" ", with: "").contains("K7Q-29M-XAQ"), comment)
                        }
                        // A part of the time would be a wrong time.
                        let clock = view.status?.deadline.map { View.clock($0, now: Self.now) }
                        let times = text.matches(of: /[0-9]+:[0-9]*/).map { String($0.output) }
                        #expect(times.allSatisfy { $0 == clock || text.contains("relay") }, comment)
                    }
                }
            }
        }
    }

    @Test("The screens show all that users compare where there is room for it, with help too", arguments: Pair.all)
    func help(pair: Pair) throws {
        var isCut = false
        for (_, surface) in Self.surfaces {
            for (width, height) in [(80, 24), (80, 8), (40, 10), (40, 12), (25, 9), (20, 12), (200, 6)] {
                var screen = Screen(pair.part, on: surface)
                for moment in try pair.moments() {
                    let view = moment.view(&screen).view
                    for help in pair.helps + [YesOrNo.again] where view.prompt != nil {
                        func rows(_ notes: [String]) -> [String] {
                            var view = view
                            view.prompt?.notes = notes
                            let size = WindowSize(width: width, height: height)
                            let layout = Layout(view, on: surface, in: size, pictures: .never, typed: "", now: Self.now)
                            return layout.rows.map(\.text)
                        }
                        let plain = rows([])
                        let helped = rows([help])
                        let comment: Comment = "\(moment.name) in \(width) by \(height): \(helped)"
                        #expect(
                            helped.filter { $0.hasPrefix("    ") } == plain.filter { $0.hasPrefix("    ") },
                            comment
                        )
                        #expect(helped.count <= height, comment)
                        let isWhole = helped.joined(separator: " ").contains(help.suffix(12))
                        if height == 24 { #expect(isWhole, comment) }
                        if !isWhole { isCut = true }
                    }
                }
            }
        }
        #expect(isCut == (pair.role == .holder || pair.place == .offerer))
    }

    @Test("The screens show the QR code where it fits with everything else, where the user wants it, or not")
    func pictures() throws {
        let surface = Self.surfaces[0].surface
        var screen = Screen(Pair.all[0].part, on: surface)
        let offered = try #require(try Pair.all[0].moments().first { $0.name == "offered" })
        let view = offered.view(&screen).view
        func rows(_ width: Int, _ height: Int, _ wish: PictureWish, _ surface: Surface) -> [String] {
            Layout(
                view,
                on: surface,
                in: WindowSize(width: width, height: height),
                pictures: wish,
                typed: "",
                now: Self.now
            ).rows.map(\.text)
        }
        func isDrawn(_ rows: [String]) -> Bool { rows.contains { $0.contains("█") || $0.contains("▀") } }
        #expect(isDrawn(rows(200, 50, .auto, surface)))
        #expect(!isDrawn(rows(80, 24, .auto, surface)))
        // The program says how much the window lacks, so that the person need not try: columns, lines, or both.
        for (width, height, lack) in [(80, 24, "30 lines high"), (38, 60, "41 columns wide"), (38, 20, "wide and")] {
            for wish in [PictureWish.auto, .always] {
                let text = rows(width, height, wish, surface).joined(separator: " ")
                #expect(text.contains(lack) && text.contains("--png"), "\(text)")
            }
        }
        #expect(!isDrawn(rows(38, 60, .auto, surface)))
        #expect(!isDrawn(rows(200, 50, .never, surface)))
        #expect(!rows(200, 50, .never, surface).contains { $0.contains("--") && $0.contains("QR") })
        #expect(!isDrawn(rows(80, 24, .always, surface)), "half a picture is none")
        var uncoloured = surface
        uncoloured.hasColours = false
        #expect(!isDrawn(rows(200, 50, .auto, uncoloured)))
        #expect(!rows(200, 50, .auto, uncoloured).joined().contains("\u{1B}"))
        // Without colours, the program draws the QR code in no window, so the hint must not ask for a larger one.
        for size in [(200, 50), (80, 24)] {
            let hint = rows(size.0, size.1, .auto, uncoloured).first { $0.contains("--qr") }
            #expect(hint?.contains("window") == false)
        }
        uncoloured.hasColours = false
        #expect(isDrawn(rows(200, 50, .always, uncoloured)))
    }

    @Test("The giver reads once by which id the device that gets some collections is shut out")
    func removal() throws {
        for (value, words) in [(7 as UInt64, "AAAAAAAAAAc"), (0xF8 << 56, "-- -AAAAAAAAAA")] {
            let pair = Pair.all.first { $0.role == .holder && $0.scope != .everything }!
            var part = pair.part
            part.device = DeviceID(value: value)
            var screen = Screen(part, on: .plain)
            let given = PairingState.given(pair.peer, deadline: Self.now + .seconds(60))
            #expect(screen.step(given).said.map { $0.hasSuffix(": easysetup chain remove \(words)") } == [true])
            _ = screen.step(.reconnecting(deadline: Self.now + .seconds(60)))
            #expect(screen.step(given).said.isEmpty)
        }
    }

    @Test("A command that is wider than the window goes on in the next line behind a backslash, and keeps its words")
    func commands() throws {
        let words = ["easysetup", "join", "--relay", "wss://relay.example", "--ca-file", "'/a b/ca.pem'"]
        let whole = words.joined(separator: " ")
        #expect(Columns.command(words, width: 200) == ["    " + whole])
        #expect(Columns.command(words, width: whole.count) == [whole])
        for width in [60, 39, 30, 22] {
            let lines = Columns.command(words, width: width)
            #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
            #expect(lines.joined(separator: "\n").replacing("\\\n", with: "") == whole, "\(lines)")
        }
        // A word without room stays whole: the terminal breaks it, and a copy has no line end in it.
        #expect(Columns.command(words, width: 10).contains("wss://relay.example \\"))
    }

    @Test("A device of the same name is told from this one", arguments: Pair.all) func sameName(pair: Pair) throws {
        for (name, isSame) in [("Müllers TV", true), ("old laptop", false)] {
            var part = pair.part
            part.name = name
            var screen = Screen(part, on: .plain)
            let shown = try pair.moments().flatMap { $0.view(&screen).view.parts }
            #expect(shown.contains(.text("This device has the same name; the other one is meant.")) == isSame)
        }
    }
}
