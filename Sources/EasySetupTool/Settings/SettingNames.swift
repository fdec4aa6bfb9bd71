/// The names of the settings that a file may give, and of those that belong elsewhere.
struct SettingNames: Sendable {
    private var here: [String: Setting] = [:]
    private var elsewhere: [String: SettingsError.Place] = [:]

    /// The names in the file that ``Setting/fileOption`` of a command names: those of the command's options.
    /// - Parameters:
    ///   - own: the settings of that command.
    ///   - all: the settings of all commands.
    init(own: [Setting], among all: [Setting]) {
        for setting in own {
            if setting.isKept {
                here[setting.option] = setting
            } else {
                elsewhere[setting.option] = .call(setting.variable)
            }
        }
        for setting in all where setting.isKept && here[setting.name] == nil { elsewhere[setting.name] = .user }
    }

    /// The names in the user's file.
    /// - Parameters:
    ///   - user: the settings of all commands that read the user's file.
    ///   - relay: the settings of the command that has a file of its own.
    init(user: [Setting], relay: [Setting]) {
        for setting in user {
            if setting.isKept {
                here[setting.name] = setting
            } else {
                elsewhere[setting.name] = .call(setting.variable)
            }
        }
        for setting in relay where here[setting.option] == nil {
            (elsewhere[setting.option], elsewhere[setting.name]) = (.relay, .relay)
        }
    }

    /// The settings that the file may give, by their names.
    var settings: [(name: String, setting: Setting)] {
        here.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The setting of this name.
    func setting(_ name: String, at source: SettingSource) throws(SettingsError) -> Setting {
        if let setting = here[name] { return setting }
        if let place = elsewhere[name] { throw .misplaced(source, place) }
        throw .unknown(source, nearest: Nearest.name(to: name, among: Array(here.keys)))
    }
}

/// Finds the name that was probably meant by a mistyped one.
enum Nearest {
    /// The name that differs least, if it differs by no more than a typing error: in one place, or in two of a longer
    /// name; else the name that begins with what was typed. Letter case, and underscores in place of hyphens, do not
    /// count.
    static func name(to typed: String, among names: [String]) -> String? {
        let typed = plain(typed)
        guard typed.count <= 64 else { return nil }
        let near = names.sorted().map { (name: $0, distance: distance(plain($0), typed)) }
            .min { $0.distance < $1.distance }
        if let near, near.distance <= (typed.count > 7 ? 2 : 1) { return near.name }
        // The beginning of a name stands for the shortest one that begins so.
        guard typed.count > 2 else { return nil }
        return names.sorted().filter { plain($0).hasPrefix(typed) }.min { $0.count < $1.count }
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().replacing("_", with: "-").drop { $0 == "-" })
    }

    /// The edit distance of two texts: the number of characters that are wrong, missing, surplus or swapped with the
    /// next one.
    static func distance(_ first: some StringProtocol, _ second: some StringProtocol) -> Int {
        let (first, second) = (Array(first), Array(second))
        var rows = [Array(0...second.count)]
        for (row, character) in first.enumerated() {
            var next = [row + 1]
            for (column, other) in second.enumerated() {
                var least = min(next[column], rows[row][column + 1]) + 1
                least = min(least, rows[row][column] + (character == other ? 0 : 1))
                if row > 0, column > 0, character == second[column - 1], first[row - 1] == other {
                    least = min(least, rows[row - 1][column - 1] + 1)
                }
                next.append(least)
            }
            rows.append(next)
        }
        return rows[first.count][second.count]
    }
}
