"""Your own data, on disk: files of tables and arrays, folders and lists of images and texts become `Data`.

Not here: saved runs (`runs/folder`), and the general reading of files (`core/files`).
"""
