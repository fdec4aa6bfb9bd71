import EasySetupFleet
import EasySetupRelayCore

/// Something that an operator should know, and what to do about it.
struct StatusNotice: Sendable, Equatable {
    /// The name; those of the alerts in `ops/prometheus` are the same.
    let name: String
    let text: String
    let advice: String
}

/// Looks at a relay as the alerts of `ops/prometheus` do, with the same bounds, but for one moment: what an alert wants
/// to last for some minutes is told here at once.
struct StatusChecks {
    private let status: RelayStatus
    private let history: StatusHistory
    private let present: StatusSample

    init(_ status: RelayStatus, _ history: StatusHistory, _ present: StatusSample) {
        self.status = status
        self.history = history
        self.present = present
    }

    var state: StatusState {
        if status.hub.statistics.isDraining { return .draining }
        if isRefusing { return .refusing }
        return fullest.ratio >= 1 ? .full : .ready
    }

    /// The notices that hold at present, the most important first.
    var notices: [StatusNotice] {
        [
            draining, cutOff, refusing, full, unreadable, redisRefuses, serverLost, unlike, certificate, reload,
            loopLag, failing, guessing, searching, memory, files,
        ].compactMap { $0 }
    }

    /// How much a count has grown within the last minutes.
    private func grown(in minutes: Int, _ read: (StatusSample) -> Int) -> Int {
        read(present) - read(history.sample(.seconds(60 * minutes), before: present.at))
    }

    private var draining: StatusNotice? {
        guard status.hub.statistics.isDraining else { return nil }
        return StatusNotice(
            name: "draining",
            text: "The relay is about to stop.",
            advice: "Nothing needs to be done. Devices come back to the relay that is started next."
        )
    }

    // MARK: - The fleet

    /// How much a count of the fleet has grown in a quarter of an hour; nil if too little for a notice.
    private func many(_ read: (StatusSample) -> Int) -> Int? {
        let count = grown(in: 15, read)
        return count > 10 ? count : nil
    }

    private var cutOff: StatusNotice? {
        guard let fleet = status.hub.fleet, !fleet.isJoined else { return nil }
        let time = StatusFormat.span.text(fleet.unchanged / .seconds(1))
        return StatusNotice(
            name: "cut-off",
            text: "The relay has been cut off from the other relays for \(time).",
            advice: """
                Its log says what is wrong with Redis, and relay --check does. It goes on with the devices that are \
                connected here, and joins by itself when Redis answers.
                """
        )
    }

    private var redisRefuses: StatusNotice? {
        guard let count = many(\.fleet.refused) else { return nil }
        return StatusNotice(
            name: "redis-refuses",
            text: "Redis has refused \(count) questions and messages in a quarter of an hour.",
            advice: """
                Its memory is full, or its user may not do what a relay has to do: the relay's log says which, and relay \
                --check does.
                """
        )
    }

    private var serverLost: StatusNotice? {
        guard let count = status.hub.fleet?.serversLost, count > 0 else { return nil }
        return StatusNotice(
            name: "server-lost",
            text: "\(count == 1 ? "A server" : "\(count) servers") of the fleet can't be used.",
            advice: """
                The relay's log names it and says what is wrong with it, and relay --check does. Rooms are registered at the \
                other servers meanwhile.
                """
        )
    }

    private var unlike: StatusNotice? {
        guard let fleet = status.hub.fleet, fleet.othersUnlike > 0 else { return nil }
        let count = fleet.othersUnlike
        let relays = count == 1 ? "A relay of the fleet has" : "\(count) relays of the fleet have"
        return StatusNotice(
            name: "relays-unlike",
            text: "\(relays) other limits: \(fleet.differingLimits.joined(separator: ", ")).",
            advice: """
                Give all relays the same limits: a room may go on at any of them, and addresses are counted by all \
                together. relay --check tells their values.
                """
        )
    }

    private var unreadable: StatusNotice? {
        guard let count = many(\.fleet.unreadable) else { return nil }
        return StatusNotice(
            name: "unreadable",
            text: "\(count) messages of other relays could not be read in a quarter of an hour.",
            advice: """
                Give all relays the same key file, and change keys in the order of the operators' page. Devices at relays \
                that cannot read each other do not pair.
                """
        )
    }

    // MARK: - Places

    private static let turnedAway = ConnectionOutcome.allCases.firstIndex(of: .turnedAway) ?? 0

    /// The devices that were turned away in the last five minutes. Those that come by calls hear it in an answer of
    /// HTTP, which is no frame, so the greater of both counts is taken.
    private var refused: Int { max(grown(in: 5, \.turnedAway), grown(in: 5) { $0.outcomes[Self.turnedAway] }) }
    private var isRefusing: Bool { refused > 10 }

    private var refusing: StatusNotice? {
        guard isRefusing else { return nil }
        let before = history.sample(.seconds(300), before: present.at)
        let limits = zip(present.counts.limits.all, before.counts.limits.all).filter { $0.count > $1.count }
            .map(\.0.name)
        let named = limits.isEmpty ? "" : " Limits that were hit: \(limits.joined(separator: ", "))."
        return StatusNotice(
            name: "refusing",
            text: "\(refused) devices were turned away in five minutes.\(named)",
            advice: """
                If they are honest devices, raise these limits (--limit, --memory). If they all seem to have one address, \
                name the proxy in front of the relay (--trusted-proxy). If strangers take the places, the relay makes them \
                work by itself.
                """
        )
    }

    private var fullest: (limit: String, ratio: Double) {
        status.hub.fill.max { $0.ratio < $1.ratio } ?? ("", 0)
    }

    private var full: StatusNotice? {
        guard fullest.ratio > 0.8 else { return nil }
        let ratio = StatusFormat.ratio.text(fullest.ratio)
        return StatusNotice(
            name: "full",
            text: "The limit \(fullest.limit) is \(ratio) used.",
            advice: """
                When it is full, new devices hear relay-full. Raise the limit (--limit, --memory, LimitNOFILE), or start \
                another relay.
                """
        )
    }

    // MARK: - What goes wrong

    private var certificate: StatusNotice? {
        guard let expiry = status.certificateExpiry, expiry - status.taken < 7 * 86_400 else { return nil }
        let day = UTCDay.text(expiry)
        let advice = "Renew it, and send the relay SIGHUP. With an expired one no device connects."
        return expiry <= status.taken
            ? StatusNotice(name: "certificate", text: "The certificate expired on \(day).", advice: advice)
            : StatusNotice(name: "certificate", text: "The certificate expires on \(day).", advice: advice)
    }

    private var reload: StatusNotice? {
        guard !status.lastReloadSucceeded else { return nil }
        return StatusNotice(
            name: "reload",
            text: "Not all settings and files could be used when they were read anew.",
            advice: "What was in use stays in use. The log says what is wrong: mend it, and send SIGHUP again."
        )
    }

    /// A hundredth of five minutes, in which each loop is measured once a second, is three times.
    private var loopLag: StatusNotice? {
        let recent = history.samples.filter { $0.at > present.at - .seconds(300) } + [present]
        guard recent.reduce(0, { $0 + $1.lag.late }) > 3 else { return nil }
        let worst = StatusFormat.milliseconds.text((recent.map(\.lag.worst).max() ?? .zero) / .seconds(1))
        return StatusNotice(
            name: "loop-lag",
            text: "The relay was late by up to \(worst) in the last five minutes.",
            advice: "The machine has too little processor time for the relay. Give it more, or --cores."
        )
    }

    private var failing: StatusNotice? {
        let failed = grown(in: 30) { $0.counts.pairings[.failed] + $0.counts.pairings[.expired] }
        let ended = grown(in: 30) { $0.counts.pairings.sum }
        guard failed > 10, 2 * failed > ended else { return nil }
        return StatusNotice(
            name: "failing",
            text: "\(failed) of \(ended) pairings in half an hour failed or expired.",
            advice: """
                The devices failed or lost each other after the seat was given. Look at proxies in front of the relay.
                """
        )
    }

    private var guessing: StatusNotice? {
        let guesses = grown(in: 15, \.counts.wrongProofs)
        guard guesses > 30 else { return nil }
        return StatusNotice(
            name: "guessing",
            text: "Somebody guesses codes: \(guesses) proofs did not fit in a quarter of an hour.",
            advice: """
                Nothing needs to be done. A code allows three guesses, so nobody's seed is in danger, but users see their \
                codes burnt. The relay makes the guessers work by itself.
                """
        )
    }

    private var searching: StatusNotice? {
        let (misses, visits) = (grown(in: 15, \.counts.misses), grown(in: 15, \.counts.visits))
        guard misses > 300, 2 * misses > visits else { return nil }
        return StatusNotice(
            name: "searching",
            text: "Somebody searches for codes: \(misses) of \(visits) visits found none in a quarter of an hour.",
            advice: "Nothing needs to be done. The relay makes the searchers work by itself."
        )
    }

    // MARK: - The machine

    private var memory: StatusNotice? {
        guard let bytes = status.process.residentBytes, 10 * bytes > 9 * status.memoryCeiling else { return nil }
        return StatusNotice(
            name: "memory",
            text: "The relay is near its memory ceiling.",
            advice: "It will not exceed the ceiling (--memory), but the machine should have as much."
        )
    }

    private var files: StatusNotice? {
        guard let open = status.process.openFiles, let most = status.process.mostFiles, 10 * open > 9 * most else {
            return nil
        }
        return StatusNotice(
            name: "files",
            text: "The relay has nearly all files open that it may have.",
            advice: "Raise LimitNOFILE. Further connections wait in the backlog."
        )
    }
}
