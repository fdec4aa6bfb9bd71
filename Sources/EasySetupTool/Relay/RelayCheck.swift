import EasySetupRelay

/// `easysetup relay --check`: what a relay would use, where each setting comes from, and what is unsafe about it.
struct RelayCheck {
    let settings: [ShownSetting]
    /// The path of the file of settings; nil without one.
    let file: String?
    let findings: [RelayFinding]
    /// The most connections at a time, and the bytes of memory that the relay may come to hold.
    let connections: Int
    let memoryCeiling: Int

    var errors: Int { findings.count { $0.severity == .error } }
    var warnings: Int { findings.count { $0.severity == .warning } }

    /// The end for people.
    private var summary: String {
        let counted = { (count: Int, word: String) in "\(count) \(word)\(count == 1 ? "" : "s")" }
        switch (errors, warnings) {
        case (0, 0): return "The relay would start, and nothing unsafe was found."
        case (0, _): return "\(counted(warnings, "warning")): the relay would start."
        case (_, 0): return "\(counted(errors, "error")): the relay would not start."
        default: return "\(counted(errors, "error")) and \(counted(warnings, "warning")): the relay would not start."
        }
    }

    func write(to output: Output) {
        if let file { output.say("# \(file)", isVerbatim: true) }
        for line in ShownSetting.table(settings) { output.say(line, isVerbatim: true) }
        output.say("")
        for setting in settings { output.event("setting", setting.members, people: nil) }
        for finding in findings {
            output.event(
                "finding",
                [
                    ("severity", .string(finding.severity.rawValue)), ("finding", .string(finding.code.rawValue)),
                    ("message", .string(finding.message)), ("advice", .string(finding.advice)),
                ],
                people: "\(finding.severity.rawValue): \(finding.message)\n    \(finding.advice)"
            )
        }
        output.event(
            "checked",
            [
                ("errors", .integer(errors)), ("warnings", .integer(warnings)), ("connections", .integer(connections)),
                ("memory_ceiling", .integer(memoryCeiling)),
            ],
            people: """
                It takes \(connections) connections at a time, and holds at most \(memoryCeiling >> 20) MiB of memory.
                \(summary)
                """
        )
    }
}

extension RelayCheck {
    /// The faults of the folder in which the file of settings is.
    static func findings(ofFile file: SettingsFile) -> [RelayFinding] {
        guard file.isExchangeable else { return [] }
        return [
            RelayFinding(
                .warning,
                .openFolder,
                "Other users may write the folder of \(file.name), and so exchange the file.",
                "Let the folder be root's or the relay's user's, and take the rights of others away: chmod go-w"
            )
        ]
    }

    /// The findings about the ceiling of memory on this machine.
    /// - Parameters:
    ///   - memory: the most bytes that this process can have; nil if they are not known.
    ///   - isChosen: whether a setting has moved the ceiling.
    static func findings(ofCeiling ceiling: Int, memory: Int?, isChosen: Bool) -> [RelayFinding] {
        guard let memory, ceiling > memory else { return [] }
        return [
            RelayFinding(
                isChosen ? .warning : .notice,
                .memory,
                "When it is full, the relay may hold \(ceiling >> 20) MiB, and this machine allows \(memory >> 20) MiB.",
                "Give --memory \(max(128, (memory >> 20) * 3 / 4)), or lower what --limit sets."
            )
        ]
    }

    /// The findings about a relay that systemd starts: its user, whose rights this process takes, and its sockets.
    /// The other findings must be made afterwards.
    static func findings(
        ofSurroundings configuration: RelayConfiguration,
        keyFile: PathArgument?
    ) -> [RelayFinding] {
        var findings: [RelayFinding] = []
        if configuration.sockets.isEmpty, let unit = SocketUnit.current() {
            findings.append(
                RelayFinding(
                    .notice,
                    .fromServiceManager,
                    "\(SocketUnit.name) is in use: systemd opens \(unit.addresses.joined(separator: ", ")) for the relay that it starts.",
                    "They take the place of --listen there. Variables of the unit, such as for TLS, are not seen here: systemctl reload easysetup-relay checks with them."
                )
            )
        }
        if let user = keyFile.flatMap(ServiceUser.init) {
            let owned = "The folder of the key file belongs to the user \(user.name)"
            findings.append(
                user.takeRights()
                    ? RelayFinding(
                        .notice,
                        .serviceUser,
                        "\(owned), so the files are judged as for a relay that runs as this user.",
                        "A relay that runs as root would refuse a key file of this user."
                    )
                    : RelayFinding(
                        .notice,
                        .serviceUser,
                        "\(owned), whose rights this process can't take: the files are judged as for a relay that runs as root.",
                        "Run the check as the user of the relay."
                    )
            )
        }
        return findings
    }
}
