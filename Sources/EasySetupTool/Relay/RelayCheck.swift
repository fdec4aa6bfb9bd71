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
