/* SwiftPM wants a source in every C target. This one sees to it that the header compiles alone. */
#include "easysetup.h"
