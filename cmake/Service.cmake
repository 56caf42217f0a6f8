# The unit for systemd names the binary where it is installed, and `cmake --install --prefix` may still
# change that.
install(CODE "
  set(POSTERN_BIN \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/postern\")
  configure_file(\"${CMAKE_SOURCE_DIR}/deploy/systemd/postern.service.in\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/postern.service\" @ONLY)
")
install(FILES deploy/systemd/postern.socket DESTINATION lib/systemd/system)
install(FILES deploy/systemd/postern.sysusers.conf DESTINATION lib/sysusers.d RENAME postern.conf)
