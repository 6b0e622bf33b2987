/* stub while the skeleton is checked */
#include "wire/msg.h"
