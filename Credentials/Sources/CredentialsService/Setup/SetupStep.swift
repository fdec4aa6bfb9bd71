/// A step of setting up a store.
package enum SetupStep: Sendable {
    /// A remark for the person who reads the steps.
    case say(String)
    /// Makes keys, and a file of this name with them.
    case makeKeys(String)
    /// Writes a file. `{admin.access}`, `{admin.secret}` and their like stand for keys that were made.
    case file(String, String)
    /// Runs a program.
    /// - Parameters:
    ///   - otherwise: runs in its place when it fails, because what it makes is there already.
    ///   - accepts: a word in its errors that means the same.
    ///   - keys: the name of the file for the keys that it prints. A file that is there stays, and the program is not
    ///     run.
    case command([String], otherwise: [String]? = nil, accepts: String? = nil, keys: String? = nil)
    /// Sends a request with the keys of the admin.
    case request(SetupRequest)

    /// The step for a person, without a secret.
    /// - Parameter path: the path of a file of the folder for keys and policies.
    func text(_ path: (String) -> String) -> String {
        switch self {
        case .say(let text):
            return "\n" + Self.wrapped(text).map { "# \($0)\n" }.joined()
        case .makeKeys(let name):
            return "# \(path(name)): new keys\n"
        case .file(let name, let content):
            return "cat >\(path(name)) <<'END'\n\(content)\(content.hasSuffix("\n") ? "" : "\n")END\n"
        case .command(let words, _, _, let keys):
            let into = keys.map { "   # its keys go into \(path($0))" } ?? ""
            return Self.shell(words) + into + "\n"
        case .request(let request):
            return Self.shell(request.shown) + "   # with the keys in \(path("admin"))\n"
        }
    }

    /// Words as a shell reads them.
    static func shell(_ words: [String]) -> String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: "-_./:=,@%+".utf8.contains(byte)
                    }
                }
            return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    private static func wrapped(_ text: String) -> [String] {
        var lines: [String] = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if !last.isEmpty, last.count + 1 + word.count > 120 {
                lines.append(String(word))
            } else {
                lines[lines.count - 1] = last.isEmpty ? String(word) : "\(last) \(word)"
            }
        }
        return lines
    }
}

/// A request of setting up a store, which the admin's keys sign.
package struct SetupRequest: Sendable {
    /// A value: itself, or the content of a file of the folder.
    package enum Value: Sendable {
        case text(String)
        case file(String)
    }

    /// The request itself.
    package enum Call: Sendable {
        /// A call of S3.
        case s3(String, String, query: String?, body: String?)
        /// A call of IAM by its action and fields.
        case iam(String, [(String, Value)])
    }

    let call: Call
    /// The same as a command of `aws`, for a person.
    let shown: [String]
    /// The call in its place when the store has the thing already; nil if that is as good.
    let whenThere: Call?

    init(_ call: Call, shown: [String], whenThere: Call? = nil) {
        self.call = call
        self.shown = shown
        self.whenThere = whenThere
    }
}
