# Every build warns alike, and the binary is hardened in every build. Our presets make an error of a
# warning; a packager's compiler may know one that is newer than this source.
include(CheckCCompilerFlag)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-Wall -Wextra -Wconversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -fno-common)
# Comments speak of path patterns such as /customer/*, which look like the start of a comment.
add_compile_options(-Wno-comment)
if(POSTERN_WERROR)
  add_compile_options(-Werror)
endif()
if(POSTERN_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
add_compile_options(-fstack-protector-strong)
foreach(flag -fstack-clash-protection -fcf-protection=full)
  string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
  check_c_compiler_flag(${flag} ${have})
  if(${have})
    add_compile_options(${flag})
  endif()
endforeach()
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
add_compile_options(-fno-plt) # with -z now every address is there: a call needs no stub

if(POSTERN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # so that the fuzzers see which code they reach
endif()
if(POSTERN_SANITIZE)
  add_compile_options(-fsanitize=${POSTERN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${POSTERN_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # _FORTIFY_SOURCE needs an optimising build; level 3 needs a compiler that can size objects.
  add_compile_options(-U_FORTIFY_SOURCE)
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS "-O2")
  check_c_source_compiles("
    int main(int argc, char **argv) { char *p = argv[0]; return (int)__builtin_dynamic_object_size(p, 0) + argc; }
  " POSTERN_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  if(POSTERN_FORTIFY_3)
    add_compile_options(-D_FORTIFY_SOURCE=3)
  else()
    add_compile_options(-D_FORTIFY_SOURCE=2)
  endif()
endif()
