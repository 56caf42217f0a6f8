# A folder's headers are reached as "folder/noun.h", through a directory that holds a link to
# that folder and nothing else. Who does not link the folder's library does not see it, so an
# include against the arrows fails to compile.
function(postern_own_headers target folder)
  set(view ${CMAKE_BINARY_DIR}/include/${folder})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  target_include_directories(${target} PUBLIC ${view})
endfunction()

# postern_folder(NAME LIBRARIES...): the library postern_NAME from NAME/*.c.
function(postern_folder folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
  add_library(postern_${folder} STATIC ${sources})
  postern_own_headers(postern_${folder} ${folder})
  target_link_libraries(postern_${folder} PUBLIC ${ARGN})
endfunction()
