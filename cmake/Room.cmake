# A room is a folder and a static library of that name. Its headers are reached as "room/noun.h",
# through a directory that holds a link to the room and nothing else. Who does not link the room does
# not see it, so an include against the arrows does not compile.
function(postern_own_headers target room)
  string(REPLACE "/" "_" view ${room})
  set(view ${CMAKE_BINARY_DIR}/include/${view})
  get_filename_component(above ${view}/${room} DIRECTORY)
  file(MAKE_DIRECTORY ${above})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${room} ${view}/${room} SYMBOLIC)
  target_include_directories(${target} ${ARGN} ${view})
endfunction()

# postern_room(ROOM [SMALL] SOURCES FILE... LINKS LIBRARY...): the library postern_ROOM, with _ for /.
# Without sources it is of headers alone. SMALL: no request waits for it, so that an optimising build
# makes it small rather than fast: what a process maps of it counts as its memory.
function(postern_room room)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "SMALL" "" "SOURCES;LINKS")
  string(REPLACE "/" "_" target postern_${room})
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    postern_own_headers(${target} ${room} PUBLIC)
    target_link_libraries(${target} PUBLIC ${ROOM_LINKS})
    if(ROOM_SMALL)
      target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo,Release>:-Os>)
    endif()
  else()
    add_library(${target} INTERFACE)
    postern_own_headers(${target} ${room} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ROOM_LINKS})
  endif()
endfunction()
