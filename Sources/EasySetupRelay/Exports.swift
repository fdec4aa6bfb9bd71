// A program with a relay inside needs only `import EasySetupRelay`: EasySetupRelayProtocol has the type of
// ``RelayConfiguration/message``.
@_exported public import EasySetupRelayProtocol
