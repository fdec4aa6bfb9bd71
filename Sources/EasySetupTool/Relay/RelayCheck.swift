import EasySetupRelay

/// `easysetup relay --check`: what a relay would use, where each setting comes from, and what is unsafe about it.
struct RelayCheck {
    let settings: [ShownSetting]
    /// The path of the file of settings; nil without one.
    let file: String?
    let findings: [RelayFinding]

    /// Whether a relay would start with these settings, and nothing about it is unsafe.
    var isFine: Bool { !findings.contains { $0.severity != .notice } }

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
        let count = { (severity: RelayFinding.Severity) in findings.count { $0.severity == severity } }
        let (errors, warnings) = (count(.error), count(.warning))
        output.event(
            "checked",
            [("errors", .integer(errors)), ("warnings", .integer(warnings))],
            people: isFine
                ? "The relay would start, and nothing unsafe was found."
                : "\(errors) to be mended before the relay starts, \(warnings) unsafe."
        )
    }
}

extension RelayCheck {
    /// What a relay that systemd starts has besides its settings: a user, whose rights this process takes, and sockets.
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
                    "They take the place of --listen there. Variables of the unit, such as for TLS, must be given to this check too."
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
