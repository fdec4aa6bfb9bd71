import ArgumentParser

/// The options that several commands share, such as `--relay`. The names of their variables do not begin with a
/// command's name (`docs/command-line.md`, "Settings").
protocol SharedOptions: ParsableArguments {}

/// The options of a command, read from its declaration.
struct OptionNames {
    /// The kind of an option.
    enum Kind: Sendable {
        /// An option with a value, which may be given once.
        case value
        /// An option with a value, which may be given several times.
        case list
        /// A flag that can be given and not be taken back, such as `--yes`: it is for one call.
        case flag
        /// A flag with an opposite, such as `--qr` and `--no-qr`. It is declared as `Bool?`.
        case choice
    }

    /// An option as a command declares it.
    struct Declared: Sendable {
        /// The name without the two hyphens.
        let name: String
        let kind: Kind
        /// Whether the value is the path of a file or folder.
        let isPath: Bool
        /// Whether the option is one of ``SharedOptions``.
        let isShared: Bool
    }

    private(set) var options: [Declared] = []

    init(of command: any ParsableArguments.Type) {
        add(command, isShared: false)
    }

    /// The options that take a value.
    var valued: Set<String> { names { $0 == .value || $0 == .list } }

    /// The options with a value that may be given only once.
    var single: Set<String> { names { $0 == .value } }

    /// The options without a value.
    var flags: Set<String> {
        names { $0 == .flag || $0 == .choice }
            .union(options.filter { $0.kind == .choice }.map { "--no-" + $0.name })
            .union(["--help", "-h", "--version", "-V"])
    }

    private func names(_ fits: (Kind) -> Bool) -> Set<String> {
        Set(options.filter { fits($0.kind) }.map { "--" + $0.name })
    }

    private mutating func add(_ type: any ParsableArguments.Type, isShared: Bool) {
        for child in Mirror(reflecting: type.init()).children {
            guard let label = child.label, label.hasPrefix("_") else { continue }
            let name = Self.dashed(label.dropFirst())
            switch child.value {
            case let group as any DeclaredGroup:
                add(group.group, isShared: isShared || group.group is any SharedOptions.Type)
            case let option as any DeclaredOption:
                let kind: Kind = option.isRepeatable ? .list : .value
                options.append(Declared(name: name, kind: kind, isPath: option.isPath, isShared: isShared))
            case let flag as any DeclaredFlag:
                let kind: Kind = flag.hasOpposite ? .choice : .flag
                options.append(Declared(name: name, kind: kind, isPath: false, isShared: isShared))
            default: break
            }
        }
    }

    /// A property's name in the form of an option: with a dash and a small letter in place of each capital letter.
    private static func dashed(_ name: Substring) -> String {
        name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
    }
}

private protocol DeclaredGroup {
    var group: any ParsableArguments.Type { get }
}

extension OptionGroup: DeclaredGroup {
    fileprivate var group: any ParsableArguments.Type { Value.self }
}

private protocol DeclaredOption {
    var isRepeatable: Bool { get }
    var isPath: Bool { get }
}

extension Option: DeclaredOption {
    fileprivate var isRepeatable: Bool { Value.self is any Repeatable.Type }
    fileprivate var isPath: Bool { Value.self == PathArgument?.self || Value.self == PathArgument.self }
}

private protocol Repeatable {}

extension Array: Repeatable {}

private protocol DeclaredFlag {
    var hasOpposite: Bool { get }
}

extension Flag: DeclaredFlag {
    fileprivate var hasOpposite: Bool { Value.self == Bool?.self }
}
