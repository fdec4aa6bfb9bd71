/// A setting of the program: an option `--name`, a variable `EASYSETUP_CREDENTIALS_NAME`, and a line `name = value` of
/// the file of settings.
package struct ProgramSetting: Sendable {
    /// The name of the option, without dashes in front.
    package let name: String
    /// Its value in the help; nil for one that is on or off.
    package let value: String?
    /// A sentence for the help.
    package let help: String
    /// Whether it may be given several times.
    package let isRepeated: Bool
    /// Whether its value is never shown. Such a setting is no option: arguments are seen by every user of the machine.
    package let isSecret: Bool
    /// Whether only an option makes sense of it.
    package let isCommand: Bool

    private init(
        _ name: String,
        _ value: String?,
        _ help: String,
        isRepeated: Bool = false,
        isSecret: Bool = false,
        isCommand: Bool = false
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.isRepeated = isRepeated
        self.isSecret = isSecret
        self.isCommand = isCommand
    }

    /// The name of the variable.
    package var variable: String {
        Self.variablePrefix + name.uppercased().map { $0 == "-" ? "_" : $0 }.map(String.init).joined()
    }

    /// The beginning of all variables' names.
    package static let variablePrefix = "EASYSETUP_CREDENTIALS_"

    /// All settings, in the order of the help.
    package static let all: [ProgramSetting] = [
        .init("listen", "host:port", "Where devices connect, as 127.0.0.1:8090 or *:8090."),
        .init("admin", "host:port", "Where the status page, metrics and health are, as 127.0.0.1:9465."),
        .init(
            "host",
            "host",
            "The host by which devices know the service, with the port unless it is 443.",
            isRepeated: true
        ),
        .init("store", "file", "The file of accounts; made when it is missing."),
        .init(
            "node",
            "name=N endpoint=URL bucket=B",
            "A store: also region=, sts=URL, call=federation or call=role:ARN, capacity=, state=up, down or backoff, and "
                + "broker-file= and poster-file=, where it has keys of its own.",
            isRepeated: true
        ),
        .init("broker-file", "file", "The broker's keys: access key and secret key, a line each."),
        .init("poster-file", "file", "The poster's keys, in the same form."),
        .init("broker-access-key", "key", "The broker's access key.", isSecret: true),
        .init("broker-secret-key", "key", "The broker's secret key.", isSecret: true),
        .init("poster-access-key", "key", "The poster's access key.", isSecret: true),
        .init("poster-secret-key", "key", "The poster's secret key.", isSecret: true),
        .init("registration", "who", "Who may register a chain: open, closed or invitation (the default)."),
        .init(
            "duration",
            "seconds",
            "How long credentials of a member last, 900 to 129600; at most what the store's call gives."
        ),
        .init("device-duration", "seconds", "How long those of a device with a certificate last; 3600 by default."),
        .init("plain-requests", nil, "Also answer the seed's plain request, which can be replayed."),
        .init("trusted-proxy", "address", "A proxy that is believed about addresses, as 10.0.0.0/8.", isRepeated: true),
        .init("forwarded-header", "header", "The header that these proxies write: x-forwarded-for or forwarded."),
        .init("limit", "name=value", "Another value for a limit of Protocol/credentials.md.", isRepeated: true),
        .init(
            "drain-time",
            "seconds",
            "How long it goes on after SIGTERM while its readiness says that it ends; 0 by default."
        ),
        .init("log-format", "format", "The form of the logs: text or json."),
        .init("log-level", "level", "How much is logged: debug, info (the default), warning or error."),
        .init("config", "file", "A file with settings, a line each, such as listen = *:8090.", isCommand: true),
        .init("check", nil, "Say what would be used, and try each store; then end.", isCommand: true),
        .init("check-settings", nil, "The same without trying a store.", isCommand: true),
        .init("invite", "number", "Make invitations, print them, and end.", isCommand: true),
        .init(
            "setup",
            "store",
            "Print the steps that make bucket, identities and rights at seaweedfs, ceph or aws, and end.",
            isCommand: true
        ),
        .init("bucket", "name", "The bucket of --setup.", isCommand: true),
        .init("endpoint", "URL", "The store of --setup, as https://s3.example.org; AWS has its own.", isCommand: true),
        .init("region", "region", "The region of --setup; us-east-1 by default.", isCommand: true),
        .init(
            "keys-folder",
            "folder",
            "Where --setup puts keys and policies; easysetup-BUCKET by default.",
            isCommand: true
        ),
        .init("apply", nil, "Take the steps of --setup.", isCommand: true),
        .init("manual", nil, "Print the manual page, for man, and end.", isCommand: true),
        .init("version", nil, "Print the version and end.", isCommand: true),
        .init("help", nil, "Print this and end.", isCommand: true),
    ]

    /// The help.
    package static var helpText: String {
        var text = """
            easysetup-credentials: gives a chain's devices temporary credentials for their part of a bucket.

            An option beats a variable, a variable beats the file of --config. A variable is named like
            EASYSETUP_CREDENTIALS_LISTEN; values of one that may be given several times stand in lines.
            SIGHUP reads the file of --config and the files of keys anew, SIGUSR1 makes it log more, SIGUSR2 less.


            """
        for setting in all {
            let head =
                setting.isSecret ? setting.variable : "--" + setting.name + (setting.value.map { " <\($0)>" } ?? "")
            text += "  \(head)\n        \(setting.help)\n"
        }
        return text
    }
}
