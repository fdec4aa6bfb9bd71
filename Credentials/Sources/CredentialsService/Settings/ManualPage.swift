/// The manual page of the program, made of its settings (man(7)).
package enum ManualPage {
    /// The page in roff.
    /// - Parameter version: the program's version.
    package static func text(version: String) -> String {
        var page = """
            .TH EASYSETUP\\-CREDENTIALS 1 "" "EasySetup \(escaped(version))" "EasySetup"
            .SH NAME
            easysetup\\-credentials \\- gives the devices of chains temporary credentials for their part of a bucket
            .SH SYNOPSIS
            .B easysetup\\-credentials
            .RI [ options ]
            .SH DESCRIPTION
            The service sees no record of a chain. It needs a store with S3's API and STS, two identities there, and a file for its
            accounts.
            .PP
            An option beats a variable, a variable beats the file of
            .BR \\-\\-config .
            A variable is named like
            .BR EASYSETUP_CREDENTIALS_LISTEN ;
            values of one that may be given several times stand in lines. A line of the file is
            .BR "listen = *:8090" .
            .SH OPTIONS

            """
        for setting in ProgramSetting.all {
            page += ".TP\n"
            if setting.isSecret {
                page += ".B \(escaped(setting.variable))\n"
            } else if let value = setting.value {
                page += ".BI \(escaped("--" + setting.name)) \" \(escaped(value))\"\n"
            } else {
                page += ".B \(escaped("--" + setting.name))\n"
            }
            page += escaped(setting.help) + "\n"
        }
        return page + """
            .SH SIGNALS
            .TP
            .B SIGTERM, SIGINT
            It ends after the drain time; at a second one at once.
            .TP
            .B SIGHUP
            The file of \\-\\-config and the files of keys are read anew. What can't be used changes nothing.
            .TP
            .B SIGUSR1, SIGUSR2
            The log has one level more, or one level less.
            .SH EXIT STATUS
            0: all was done. 40: a store is not as it must be, or is not set up. 64: the options can't be used. 74: the file of
            accounts or a port can't be used. 78: the settings can't be used.
            .SH FILES
            .TP
            .I /etc/easysetup/credentials.conf
            The settings of the Debian package's unit.
            .TP
            .I /var/lib/easysetup\\-credentials/accounts.sqlite
            Its file of accounts.
            .SH SEE ALSO
            .BR easysetup (1),
            /usr/share/doc/easysetup\\-credentials/credentials.md

            """
    }

    /// A text that roff shows as it is.
    private static func escaped(_ text: String) -> String {
        let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\"", with: "\\(dq")
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
    }
}
